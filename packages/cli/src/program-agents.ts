import type { Command } from 'commander'
import {
  type AgentChanges,
  type AgentOptions,
  agentsAdd,
  agentsList,
  agentsRetire,
  agentsRotate,
  agentsSet,
  stopAgents,
} from './agents.ts'
import type { Ask } from './ask.ts'
import type { Terminal } from './terminal.ts'

interface Common {
  readonly data?: string
  readonly json?: boolean
}

export function addAgents(
  program: Command,
  terminal: Terminal,
  { ask, running }: { ask(options: Common): Ask; running(command: Command): Command },
): void {
  running(program.command('stop <agent>').description('stop an agent, or all')).action((id: string, options: Common) =>
    stopAgents(terminal, ask(options), id, options.json ?? false),
  )

  const agents = program.command('agents').description('agents and their keys')
  running(agents.command('list').description('who may act here')).action((options: Common) =>
    agentsList(terminal, ask(options), options.json ?? false),
  )
  running(agents.command('add <id>').description('register an agent; shows its key and the lines that use it'))
    .requiredOption('--owner <person>', 'a person’s id or email: answers for it, and cannot approve for it')
    .requiredOption('--team <group>', 'the group that approves where a policy says agent-team')
    .option('--name <name>', 'what people call it; default its id')
    .option('--groups <names>', 'agent groups, with commas')
    .option('--environment <name>', 'default prod')
    .option('--observe', 'record what would be asked, hold nothing')
    .action((id: string, options: Common & AgentOptions) =>
      agentsAdd(terminal, ask(options), id, options, options.json ?? false),
    )
  running(agents.command('set <id>').description('change what is said of an agent; its id stays'))
    .option('--name <name>', 'what people call it')
    .option('--owner <person>', 'a person’s id or email')
    .option('--team <group>', 'the group that approves where a policy says agent-team')
    .option('--groups <names>', 'agent groups, with commas: all of them')
    .option('--environment <name>')
    .option('--observe', 'record what would be asked, hold nothing')
    .option('--enforce', 'hold what policy says')
    .action((id: string, { enforce, observe, ...options }: Common & AgentChanges & { enforce?: boolean }) => {
      const mode = enforce ? { observe: false } : observe ? { observe } : {}
      return agentsSet(terminal, ask(options), id, { ...options, ...mode }, options.json ?? false)
    })
  running(agents.command('rotate <id>').description('issue a new key; the old ones work for another day')).action(
    (id: string, options: Common) => agentsRotate(terminal, ask(options), id, options.json ?? false),
  )
  running(agents.command('retire <id>').description('stop it for good; its id stays taken')).action(
    (id: string, options: Common) => agentsRetire(terminal, ask(options), id, options.json ?? false),
  )
}
