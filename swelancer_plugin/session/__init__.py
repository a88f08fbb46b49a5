"""pytest's side: collection, selection, fixtures, recording."""
