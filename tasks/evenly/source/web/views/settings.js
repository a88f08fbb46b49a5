import { DATE_FORMATS, LANGUAGES, THEMES, WEEK_STARTS } from '../../shared/preferences.js';
import { fill, h } from '../dom.js';
import { currencySelect, field, select, showErrors, whileBusy } from '../form.js';
import { formatDate, formatMoney } from '../format.js';

const THEME_LABELS = { system: 'Like the system', light: 'Light', dark: 'Dark' };
const LANGUAGE_LABELS = { en: 'English', de: 'Deutsch', fr: 'Français' };
const WEEK_LABELS = { monday: 'Monday', sunday: 'Sunday', saturday: 'Saturday' };
const DATE_LABELS = {
  medium: 'Short: Mar 31, 2024',
  long: 'With the weekday',
  numeric: 'In numbers',
  iso: 'Year first: 2024-03-31',
};

const SYNC_LABELS = {
  local: 'Kept on this device.',
  synced: 'Kept on this device and in your account.',
  waiting: 'Kept on this device. Your account will follow when Evenly Cloud can be reached.',
};

const pairsOf = (values, labels) => values.map((value) => [value, labels[value]]);

/** The two steps of signing in: an address, then the code that was sent to it. */
function signInForm(app) {
  const { session, settings } = app;
  const email = field('E-mail', h('input', { type: 'email', autocomplete: 'email' }));
  const code = field('Code', h('input', { inputMode: 'numeric', autocomplete: 'one-time-code', maxLength: 6 }));
  const message = h('p', { role: 'status', class: 'faint', 'aria-label': 'Sign-in' });
  const steps = h('div', { class: 'stack' });
  const sendButton = h('button', { class: 'primary' }, 'Send code');
  const signInButton = h('button', { class: 'primary' }, 'Sign in');

  async function attempt(button, fields, action) {
    showErrors(fields, {});
    fill(message);
    try {
      await whileBusy(button, action);
    } catch (error) {
      if (error.name !== 'CloudError') throw error;
      fill(message, showErrors(fields, error.fields) || (Object.keys(error.fields).length === 0 && error.message));
    }
  }

  function sendCode(event) {
    event.preventDefault();
    const address = email.control.value.trim();
    if (!/^\S+@\S+$/.test(address)) return showErrors({ email }, { email: 'Enter an e-mail address' });
    return attempt(sendButton, { email }, async () => {
      await session.requestCode(address);
      showCodeStep(address);
    });
  }

  function signIn(event) {
    event.preventDefault();
    const typed = code.control.value.trim();
    if (!/^\d{6}$/.test(typed)) return showErrors({ code }, { code: 'Enter the 6 digits of the code' });
    return attempt(signInButton, { code }, async () => {
      await session.signIn(email.control.value.trim(), typed);
      settings.sync();
    });
  }

  function showEmailStep() {
    fill(message);
    fill(
      steps,
      h('form', { class: 'stack', noValidate: true, onSubmit: sendCode }, email.node, h('div', null, sendButton)),
    );
  }

  function showCodeStep(address) {
    code.control.value = '';
    const again = h('button', { type: 'button', onClick: showEmailStep }, 'Use another address');
    fill(
      steps,
      h(
        'form',
        { class: 'stack', noValidate: true, onSubmit: signIn },
        code.node,
        h('div', { class: 'toolbar' }, signInButton, again),
      ),
    );
    fill(message, `A code has been sent to ${address}.`);
    code.control.focus();
  }

  showEmailStep();
  return [
    h(
      'p',
      { class: 'faint' },
      'Evenly Cloud reads receipts, knows exchange rates, asks for payments and keeps your settings the same on all devices. Groups stay on your own server.',
    ),
    steps,
    message,
  ];
}

/** Who is signed in, with a way to change the name and to sign out. */
function accountForm(app, me) {
  const { session, settings, toasts } = app;
  const name = field('Display name', h('input', { value: me?.name ?? '', maxLength: 60, autocomplete: 'name' }));
  const message = h('p', { class: 'problem', role: 'alert' });
  const saveButton = h('button', null, 'Save name');
  const signOutButton = h('button', { type: 'button', onClick: signOut }, 'Sign out');

  async function save(event) {
    event.preventDefault();
    const wanted = name.control.value.trim();
    fill(message, showErrors({ name }, wanted ? {} : { name: 'Enter a name' }));
    if (!wanted) return;
    try {
      await whileBusy(saveButton, () => session.rename(wanted));
      toasts.show('Name saved');
    } catch (error) {
      if (error.name !== 'CloudError') throw error;
      fill(message, showErrors({ name }, error.fields) || (Object.keys(error.fields).length === 0 && error.message));
    }
  }

  async function signOut() {
    await whileBusy(signOutButton, session.signOut);
    settings.signedOut();
    toasts.show('Signed out');
  }

  return h(
    'form',
    { class: 'stack', noValidate: true, onSubmit: save },
    h('p', null, 'Signed in as ', h('strong', null, me?.email ?? 'somebody')),
    name.node,
    message,
    h('div', { class: 'toolbar' }, saveButton, signOutButton),
  );
}

/** The account and the preferences. */
export function settingsView(app) {
  const { session, settings } = app;
  app.setTitle('Settings');
  const account = h('div');
  const sync = h('p', { class: 'faint', role: 'status', 'aria-label': 'Where settings are kept' });
  const sample = h('p', { class: 'faint' });

  const preference = (name, label, control) => {
    control.addEventListener('change', () => settings.change({ [name]: control.value }));
    return field(label, control);
  };
  const { preferences } = settings.state;
  const fields = {
    theme: preference('theme', 'Theme', select(pairsOf(THEMES, THEME_LABELS), preferences.theme)),
    language: preference(
      'language',
      'Language of numbers and dates',
      select(pairsOf(LANGUAGES, LANGUAGE_LABELS), preferences.language),
    ),
    dateFormat: preference(
      'dateFormat',
      'Date format',
      select(pairsOf(DATE_FORMATS, DATE_LABELS), preferences.dateFormat),
    ),
    currency: preference('currency', 'Default currency', currencySelect(preferences.currency)),
    weekStart: preference(
      'weekStart',
      'First day of the week',
      select(pairsOf(WEEK_STARTS, WEEK_LABELS), preferences.weekStart),
    ),
  };

  const node = h(
    'section',
    null,
    h('h1', null, 'Settings'),
    h(
      'div',
      { class: 'columns even' },
      h(
        'section',
        { class: 'panel stack', 'aria-label': 'Preferences' },
        h('h2', null, 'Preferences'),
        Object.values(fields).map((each) => each.node),
        sample,
        sync,
      ),
      h('section', { class: 'panel stack', 'aria-label': 'Account' }, h('h2', null, 'Account'), account),
    ),
  );

  function drawAccount({ signedIn, me }) {
    fill(account, signedIn ? accountForm(app, me) : signInForm(app));
  }

  function drawPreferences({ preferences: current, sync: state }) {
    for (const [name, { control }] of Object.entries(fields)) control.value = current[name];
    fill(sync, SYNC_LABELS[state]);
    fill(sample, `For example ${formatMoney(123456, current.currency)} on ${formatDate('2024-03-31')}`);
  }

  const stops = [session.subscribe(drawAccount), settings.subscribe(drawPreferences)];
  drawAccount(session.state);
  drawPreferences(settings.state);
  return { node, leave: () => stops.forEach((stop) => stop()) };
}
