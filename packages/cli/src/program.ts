/**
 * Every command, and where it goes. What a command takes is read when it is given, so that the small ones answer at
 * once.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { CheckOptions } from './check.ts'
import type { DemoOptions } from './demo.ts'
import { dataDirOf, type Terminal } from './terminal.ts'
import { addLedger } from './program-ledger.ts'
import { addPeople } from './program-people.ts'
import { completionFor, type Shell, shells } from './completion.ts'
import { answerInBrowser, inbox, lineage } from './people.ts'
import { addAgents } from './program-agents.ts'
import type { PolicyOptions } from './policy.ts'
import { Stopped } from './stopped.ts'
import type { Wish } from './init/init.ts'
import type { UpOptions } from './up.ts'

interface Common {
  readonly data?: string
  readonly json?: boolean
}

export function createProgram(terminal: Terminal): Command {
  const program = new Command('countersign')
    .description('Agents work freely; what is privileged waits for a person to countersign.')
    .version(terminal.product.version)
    .exitOverride() // before any command is added, so that all have it
    .configureOutput({ writeOut: (text) => terminal.say(text.trimEnd()), writeErr: terminal.mutter })
  const ask = ({ data }: Common) => terminal.ask(dataDirOf(terminal, data))
  const ofInstance = (command: Command) =>
    command.option('--data <dir>', 'data directory of Countersign').option('--json', 'print JSON')

  program
    .command('init [folder]')
    .description('write a first configuration: asks five questions, or takes flags')
    .option('--name <name>', 'of this deployment; default the folder’s')
    .option('--approvers <group>', 'the group that approves; default approvers')
    .option('--environment <name>', 'in which agents act; default prod')
    .option('--servers <names>', 'MCP servers of your clients that go behind the gate: names with commas, all, none')
    .option('--from <file>', 'look for MCP servers in this file too; repeatable', listOf, undefined)
    .option('--api <name=origin>', 'an HTTP API that goes behind the gate; repeatable', listOf, undefined)
    .option('--credential <name=VARIABLE>', 'the variable with the token for that API; repeatable', listOf, undefined)
    .option('--yes', 'ask nothing: flags and defaults')
    .option('--force', 'overwrite what is there')
    .option('--json', 'print JSON')
    .action(async (folder: string | undefined, options: Wish) =>
      (await import('./init/init.ts')).init(terminal, folder, options),
    )
  for (const name of ['up', 'serve']) {
    program
      .command(name)
      .description(name === 'up' ? 'start everything on this machine' : 'start as configured')
      .option('--config <file>', 'default ./countersign.yaml')
      .option('--data <dir>', 'default $COUNTERSIGN_DATA or ./.countersign')
      .option('--demo', 'with a company to try it on')
      .option('--fresh', 'with --demo: start over')
      .option('--port <port>', 'of console, API and MCP; default 4600', portOf)
      .option('--json', 'print JSON')
      .action(async (options: UpOptions) => (await import('./up.ts')).up(terminal, options))
  }
  program
    .command('demo')
    .description('tell the story of one night, against a Countersign of its own')
    .option('--unattended', 'nobody looks: people approve as a browser would (always so without a terminal)')
    .option('--json', 'print JSON')
    .action(async (options: DemoOptions) => (await import('./demo.ts')).tellDemo(terminal, options))
  program
    .command('check')
    .description('check configuration, registry and policies, as serve would read them')
    .option('--config <file>', 'default ./countersign.yaml')
    .option('--data <dir>', 'default $COUNTERSIGN_DATA or ./.countersign')
    .option('--connect', 'also try what it names: provider, database, MCP servers, upstreams, ports')
    .option('--json', 'print JSON')
    .action(async (options: CheckOptions) => (await import('./check.ts')).check(terminal, options))

  ofInstance(program.command('status').description('whether the running instance can do its work')).action(
    async (options: Common) => (await import('./status.ts')).status(terminal, ask(options), options.json ?? false),
  )
  ofInstance(program.command('doctor').description('what works and what does not, each with what to do next'))
    .option('--config <file>', 'default ./countersign.yaml')
    .action(async (options: Common & CheckOptions) =>
      (await import('./status.ts')).doctor(terminal, ask(options), options),
    )
  ofInstance(program.command('reload').description('read policies and registry again, as SIGHUP does')).action(
    async (options: Common) => (await import('./status.ts')).reload(terminal, ask(options), options.json ?? false),
  )

  ofInstance(program.command('inbox').description('what waits')).action((options: Common) =>
    inbox(terminal, ask(options), options.json ?? false),
  )
  for (const verdict of ['approve', 'reject'] as const) {
    ofInstance(
      program.command(`${verdict} <id>`).description(`open the question in the browser to ${verdict} it, and wait`),
    )
      .option('--wait <seconds>', 'for an answer; default: until it expires', countOf)
      .action((id: string, { json, wait, ...options }: Common & { wait?: number }) =>
        answerInBrowser(terminal, ask(options), { id, wanted: verdict, json: json ?? false, waitSeconds: wait }),
      )
  }
  ofInstance(program.command('lineage <name>').description('where data went, by whom, under whose approval'))
    .addOption(
      new Option('--kind <kind>', 'a column is dataset.column, a person an id or email')
        .choices(['dataset', 'column', 'model', 'destination', 'agent', 'person'])
        .default('dataset'),
    )
    .action((name: string, options: Common & { kind: string }) =>
      lineage(terminal, ask(options), options.kind, name, options.json ?? false),
    )

  addAgents(program, terminal, { ask, running: ofInstance })
  addPeople(program, terminal, { ask, running: ofInstance })

  const policy = program.command('policy').description('check, test and explain policies')
  const withRegistry = (command: Command) =>
    command
      .option('--config <file>', 'whose policies, registry and agent groups; default ./countersign.yaml')
      .option('--registry <file>', 'default: the configuration’s, or registry.yaml beside the policies')
      .option('--agent-groups <names>', 'with commas')
      .option('--json', 'print JSON')
  withRegistry(policy.command('check [directory]')).action(
    async (directory: string | undefined, options: PolicyOptions) =>
      (await import('./policy.ts')).policyCheck(terminal, directory, options),
  )
  withRegistry(policy.command('test [directory]')).action(
    async (directory: string | undefined, options: PolicyOptions) =>
      (await import('./policy.ts')).policyTest(terminal, directory, options),
  )
  withRegistry(
    policy
      .command('explain <file> [directory]')
      .description('why policy answers as it does to the action in a YAML file'),
  ).action(async (file: string, directory: string | undefined, options: PolicyOptions) =>
    (await import('./explain.ts')).policyExplain(terminal, file, directory, options),
  )

  addLedger(program, terminal, ask)

  program
    .command('completion')
    .description('print a script that completes commands: source it in your shell’s profile')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell) => terminal.say(completionFor(shell, program)))
  program
    .command('mcp <server>')
    .description('speak MCP over stdio for a client that starts a program')
    .option('--url <url>', 'where Countersign is', 'http://localhost:4600')
    .action(async (server: string, { url }: { url: string }) => {
      const key = terminal.env['COUNTERSIGN_KEY']
      if (key === undefined) throw new Stopped(2, 'Set COUNTERSIGN_KEY to the agent’s key.')
      const { serveStdio } = await import('@countersign/server')
      await serveStdio({ input: process.stdin, output: process.stdout, url: `${url}/mcp/${server}`, key })
    })
  return program
}

function listOf(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}

function countOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('This is not a whole number.')
  return Number(text)
}

function portOf(text: string): number {
  const port = countOf(text)
  if (port > 65_535) throw new InvalidArgumentError('There is no such port.')
  return port
}
