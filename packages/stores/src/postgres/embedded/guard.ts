import { descendantsOf } from './processes.ts'

/** `$0` of the shell that holds the pipe; tells a guarded server from an orphan. */
export const guardName = 'countersign-guard'

/**
 * File 3 is the pipe from node. When node is gone, however it went, `cat` ends and PostgreSQL gets SIGINT (fast
 * shutdown): again and again, because what a shell starts in the background is deaf to SIGINT until it listens for it
 * itself. One that is still there after a minute gets SIGQUIT, so that the next instance can start; it recovers then.
 * When PostgreSQL is gone first, the shell ends with its exit code.
 */
export const guard = [
  'exec 3<&0; "$@" 3<&- & p=$!',
  '(cat <&3 >/dev/null; n=0; while [ $n -lt 300 ] && kill -INT $p; do n=$((n+1)); sleep 0.2; done',
  'while kill -QUIT $p; do sleep 1; done) 2>/dev/null & g=$!',
  'exec 3<&-; wait $p; c=$?; kill $g; exit $c',
].join('\n')

/** The server's first process: the shell's child that is not a shell itself. */
export async function postmasterUnder(shell: number | undefined): Promise<number | undefined> {
  const family = shell === undefined ? [] : await descendantsOf(shell)
  return family.find(({ parent, command }) => parent === shell && !command.includes(guardName))?.pid
}
