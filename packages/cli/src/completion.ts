/**
 * `countersign completion <shell>`: a script that knows every command and option, printed from the commands themselves.
 *
 * @module
 */
import type { Command } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What may follow each command: `''` is the tool itself, `agents add` one of its commands. */
type Words = ReadonlyMap<string, readonly string[]>

export function completionFor(shell: Shell, program: Command): string {
  const words = wordsOf(program)
  switch (shell) {
    case 'bash':
      return bash(words)
    case 'zsh':
      return `#compdef countersign\nautoload -U +X bashcompinit && bashcompinit\n${bash(words)}`
    case 'fish':
      return fish(words)
  }
}

function wordsOf(command: Command, path: readonly string[] = []): Words {
  const below = command.commands.filter((each) => each.name() !== 'help')
  const options = command.options.flatMap(({ long }) => (long ? [long] : []))
  const here = [...below.map((each) => each.name()), ...options, '--help']
  return new Map([
    [path.join(' '), [...new Set(here)]],
    ...below.flatMap((each) => [...wordsOf(each, [...path, each.name()])]),
  ])
}

const bash = (words: Words) => `_countersign() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="" word next words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${[...words.keys()]
        .filter((path) => path !== '')
        .map((path) => `'${path}'`)
        .join('|')}) path="$next" ;;
    esac
  done
  case "$path" in
${[...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$cur") )
}
complete -o default -F _countersign countersign`

const fish = (words: Words) => `function __countersign_path
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$path $word")
    contains -- "$next" ${[...words.keys()]
      .filter((path) => path !== '')
      .map((path) => `'${path}'`)
      .join(' ')}; and set path "$next"
  end
  echo "$path"
end
${[...words].map(([path, next]) => `complete -c countersign -n 'test (__countersign_path) = "${path}"' -a '${next.join(' ')}'`).join('\n')}`
