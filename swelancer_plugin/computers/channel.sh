# PID 1 of a computer: runs the commands that arrive on stdin. POSIX sh with head, tail, cat, tr,
# grep and setsid, GNU's or busybox's; nothing else is needed in an image.
#
# stdin   frames, one line each:  op id number text
# fd 3    notices, one line and one write each (atomic on a pipe), by many processes
# stdout  outputs, written by PID 1 alone, each ended by the token that its frame named
#
# Nothing here may end this shell: a failed fork is an error that ends it, except under
# `command eval`; `true` and `read` take failed redirections that `:` and `exec` would die of.
# Every process of ours catches its own: uncaught, the error of a fork unwinds, in the fork, into
# the frames that it has inherited, and it goes on as if it were PID 1.
# PID 1 itself forks one process at a time, never a pipeline: a fork that fails leaks its pipes.

[ $$ -eq 1 ] || exit 97 # the last act is `kill -9 -1`: never outside a pid namespace of its own
keep=$1 limit=$2
home=$PWD
scratch=/run/swelancer
newline='
'
exec 3>&2 2>/dev/null

# Learn our process id, which $$ does not tell in a subshell. Not from /proc/self/stat: `read` takes
# a byte at a time, and that line has hundreds.
identify() {
    cd -P /proc/self
    self=${PWD#/proc/}
}

# A command of its own session, parented to nobody but us. Plain `&` would make it ignore SIGINT
# for good; so a foreground child is left orphaned by killing its parent, which ends our wait.
spawn() {
    (
        identify
        command eval '(kill -9 "$self"; runner)'
        exit 2
    ) </dev/null
    [ $? -eq 137 ]
}

runner() {
    command eval 'watch | valve | last'
    status=$?
    some=0
    [ -s "$scratch/$slot.out" ] && some=1
    true >"$scratch/$slot.sh"
    printf 'd %s %s %s\n' "$id" "$some" "$status" >&3
}

watch() {
    command eval '(task)'
    printf 'x %s %s\n' "$id" "$?" >&3
}

task() {
    identify
    printf 'p %s %s\n' "$id" "$self" >&3
    echo 500 >/proc/self/oom_score_adj # out of memory, the command goes before its runner
    cd "$home" || cd /
    unset OLDPWD
    exec 2>&1 3>&-
    export SWELANCER_COMMAND="$id."
    [ "$inline" -eq 0 ] && exec setsid sh "$scratch/$slot.sh"
    exec setsid sh -c "$text"
}

# A background child may hold the command's stdout for ever. Killing the inner cat gives `last`
# its end of file; what the child prints later is read and dropped, lest it die of a closed pipe.
valve() {
    exec 4<&0
    command eval 'cat <&4 3>&- 4<&- &' || exit 2
    printf 'c %s %s\n' "$id" "$!" >&3
    wait $! || command eval 'cat <&4 >/dev/null 3>&- 4<&- &'
}

last() {
    read -r self _ _ parent _ </proc/self/stat
    printf 't %s %s %s\n' "$id" "$self" "$parent" >&3
    true >"$scratch/$slot.out" || exit 2 # a redirection that fails in `exec` is an error, too
    exec tail -c "$limit" >"$scratch/$slot.out" 3>&-
}

# What left the command's process group by a session of its own is known by its environment.
# `head` names each file before its content, which makes one line of text per process and mark.
# As few processes as can be: there may be hardly any left. Having struck, it is to be asked again.
hunt() {
    command eval 'head -c 262144 /proc/[0-9]*/environ | tr "\0" "\n" | marked | strike'
}

marked() {
    exec grep -e '^==> /proc/[0-9]*/environ <==$' -e "^SWELANCER_COMMAND=$id\.$"
}

strike() {
    struck=0
    while read -r word path _; do
        case $word in
        '==>') pid=${path#/proc/} ;;
        *) kill -9 "${pid%/environ}" && struck=1 ;;
        esac
    done
    printf 'k %s %s\n' "$id" "$struck" >&3
}

# head reads exactly its bytes even when the disk is full: the rest would be taken for frames.
receive() {
    command eval 'head -c "$text" | store'
}

store() {
    command eval 'cat >>"$scratch/$slot.sh"' && return
    command eval 'cat >/dev/null'
    return 1
}

# The lines of a short command: no process, no file. A long one is in the slot's file already.
take_text() {
    inline=$text left=$text text=
    while [ "$left" -gt 0 ]; do
        IFS= read -r line
        text=$text$line
        left=$((left - 1))
        [ "$left" -eq 0 ] || text=$text$newline
    done
}

printf 'h 1\n' >&3
while read -r op id slot text; do
    case $op in
    r)
        take_text
        command eval spawn || printf 'f %s\n' "$id" >&3
        ;;
    w)
        command eval '(receive)'
        printf 'a %s %s\n' "$id" "$?" >&3
        ;;
    g)
        command eval 'cat "$scratch/$slot.out"' && failed=0 || failed=1
        printf '%s%s' "$text" "$failed"
        ;;
    s)
        line=-
        read -r line <"/proc/$slot/stat"
        printf 's %s %s %s\n' "$id" "$slot" "$line" >&3
        ;;
    k)
        [ "$slot" -gt 1 ] && kill -9 "-$slot"
        command eval '(hunt) </dev/null &' # if no process is left, it is asked for again
        ;;
    K) kill -9 "$id" ;;
    q)
        jobs >/dev/null # reaps: a zombie counts as a process
        printf 'q %s\n' "$id" >&3
        ;;
    esac
done
while [ "$keep" = 1 ]; do command eval 'sleep 60'; done
kill -9 -1
