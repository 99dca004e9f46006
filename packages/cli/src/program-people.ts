import type { Command } from 'commander'
import type { Ask } from './ask.ts'
import type { Terminal } from './terminal.ts'
import {
  peopleAccounts,
  peopleAdd,
  peopleEndSessions,
  peopleList,
  peopleRemove,
  type PersonOptions,
} from './persons.ts'

interface Common {
  readonly data?: string
  readonly json?: boolean
}

export function addPeople(
  program: Command,
  terminal: Terminal,
  { ask, running }: { ask(options: Common): Ask; running(command: Command): Command },
): void {
  const people = program.command('people').description('who may come in; local people without an identity provider')
  running(people.command('list').description('everyone who ever came in or was added')).action((options: Common) =>
    peopleList(terminal, ask(options), options.json ?? false),
  )
  running(
    people
      .command('add <id>')
      .description('without an identity provider: add someone, or a new link for them; prints a one-time link'),
  )
    .option('--name <name>', 'what people call them; default the id')
    .option('--email <address>')
    .option('--groups <names>', 'groups that approve, with commas: all of them')
    .option('--roles <names>', 'of administrators, with commas: all of them')
    .action((id: string, options: Common & PersonOptions) =>
      peopleAdd(terminal, ask(options), id, options, options.json ?? false),
    )
  running(people.command('remove <id>').description('a local person cannot come in any more')).action(
    (id: string, options: Common) => peopleRemove(terminal, ask(options), id, options.json ?? false),
  )
  running(
    people
      .command('link <person> <provider> <account>')
      .description('from now on whoever holds this account at a chat provider answers as that person: id or email'),
  ).action((person: string, provider: string, account: string, options: Common) =>
    peopleAccounts(terminal, ask(options), person, { provider, id: account, change: 'link' }, options.json ?? false),
  )
  running(
    people.command('unlink <person> <provider> <account>').description('the account answers as nobody any more'),
  ).action((person: string, provider: string, account: string, options: Common) =>
    peopleAccounts(terminal, ask(options), person, { provider, id: account, change: 'unlink' }, options.json ?? false),
  )
  running(people.command('end-sessions <person>').description('sign a person out everywhere: id or email')).action(
    (id: string, options: Common) => peopleEndSessions(terminal, ask(options), id, options.json ?? false),
  )
}
