/**
 * `countersign status`, `doctor` and `reload`: what works and what does not, each with what to do next.
 *
 * @module
 */
import type { Standing } from '@countersign/server'
import type { Ask } from './ask.ts'
import type { CheckOptions } from './check.ts'
import type { Told } from './config-file.ts'
import type { Terminal } from './terminal.ts'
import { inkOf, plain } from './ink.ts'
import { Stopped } from './stopped.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly ok: boolean
  readonly about: string
  readonly says: string
  /** The command or the page that mends it. */
  readonly next?: string
}

type Status = Standing & { readonly url: string; readonly origin: string }

/** The running instance alone. @throws Stopped with 1 if something is wrong there, or nothing runs */
export async function status(terminal: Terminal, ask: Ask, json: boolean): Promise<void> {
  const now = await ask<Status>('GET', '/status')
  const found = findingsOf(now)
  if (json) terminal.say(JSON.stringify({ ok: allWell(found), ...now, findings: found }, undefined, 2))
  else {
    terminal.say(`Countersign ${now.version} at ${plain(now.url)}`)
    tell(terminal, found)
  }
  if (!allWell(found)) throw new Stopped(1, '')
}

/**
 * The configuration as `check --connect` finds it, and the running instance. @throws Stopped with 1 if something is
 * wrong
 */
export async function doctor(terminal: Terminal, ask: Ask, options: CheckOptions): Promise<void> {
  const { lookOver } = await import('./check.ts') // it reads everything that serve does
  const checked = await lookOver(terminal, { ...options, connect: true })
  const config: Finding[] = [
    checked.config === undefined
      ? {
          ok: false,
          about: 'configuration',
          says: `There is no countersign.yaml in ${terminal.cwd}.`,
          next: 'countersign init',
        }
      : checked.problems.length === 0
        ? { ok: true, about: 'configuration', says: `${checked.config} loads, with ${checked.policies} policies.` }
        : { ok: false, about: 'configuration', says: 'It does not start as it is.', next: 'countersign check' },
    ...[...checked.problems, ...checked.warnings].map(ofCheck),
    ...(checked.gateways.length === 0 && checked.problems.length === 0
      ? [
          {
            ok: false,
            about: 'gateways',
            says: 'None is configured, so no agent can come in.',
            next: 'countersign init',
          },
        ]
      : []),
  ]
  const running = await instance(ask)
  const found = [...config, ...running]
  if (options.json) terminal.say(JSON.stringify({ ok: allWell(found), findings: found }, undefined, 2))
  else tell(terminal, found)
  if (!allWell(found)) throw new Stopped(1, '')
}

/** Reads policies and registry again at the running instance. @throws Stopped with 1 if they do not pass */
export async function reload(terminal: Terminal, ask: Ask, json: boolean): Promise<void> {
  const report = await ask<Reloaded>('POST', '/policies/reload', {})
  if (json) terminal.say(JSON.stringify(report, undefined, 2))
  if (report.kind === 'active') {
    const what = report.changed ? 'New policies are in force' : 'Policies and registry are as they were'
    if (!json) terminal.say(`${what}. Version ${report.version}`)
    return
  }
  const lines = report.problems.map(
    ({ file, line, column, policy, says }) =>
      `${file === '' ? '' : `${file}:${line}:${column}: `}${policy === undefined ? '' : `${policy}: `}${says}`,
  )
  throw new Stopped(1, json ? '' : `${lines.join('\n')}\nThese do not pass; what was loaded before stays in force.`)
}

type Reloaded =
  | { readonly kind: 'active'; readonly version: string; readonly changed: boolean }
  | {
      readonly kind: 'refused'
      readonly problems: readonly { file: string; line: number; column: number; policy?: string; says: string }[]
    }

const allWell = (found: readonly Finding[]) => found.every(({ ok }) => ok)

const ofCheck = ({ file, line, column, path, says }: Told): Finding => ({
  ok: false,
  about: path === '' ? file : path,
  says: `${file}:${line}:${column}: ${says}`,
})

async function instance(ask: Ask): Promise<Finding[]> {
  try {
    return findingsOf(await ask<Status>('GET', '/status'))
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    return [{ ok: false, about: 'instance', says: 'None runs with this data directory.', next: 'countersign serve' }]
  }
}

function findingsOf(now: Status): Finding[] {
  const { entries, gateways, policies, concerns, provider, administrators, people, agents, unserved, openQuestions } =
    now
  const url = plain(now.url)
  return [
    { ok: true, about: 'ledger', says: `It answers, with ${entries} entries.`, next: `countersign ledger verify -` },
    policies.refused
      ? {
          ok: false,
          about: 'policies',
          says: `${policies.count} are in force; what lies on disk since ${when(policies.refused.since)} does not pass.`,
          next: 'countersign reload',
        }
      : {
          ok: true,
          about: 'policies',
          says: `${policies.count} are in force, loaded ${when(policies.at)} (${policies.by}).`,
        },
    gateways.length === 0
      ? { ok: false, about: 'gateways', says: 'None is configured, so no agent can come in.', next: 'countersign init' }
      : { ok: true, about: 'gateways', says: gateways.map(({ gateway, name }) => `${gateway}/${name}`).join(', ') },
    ...gateways
      .filter(({ observes }) => observes)
      .map(({ gateway, name }): Finding => ({
        ok: false,
        about: `${gateway}/${name}`,
        says: 'It only observes: what should wait for people runs.',
        next: 'take out `observe: true`',
      })),
    provider
      ? { ok: true, about: 'provider', says: 'One is configured.' }
      : {
          ok: false,
          about: 'provider',
          says: 'None is configured, so nobody from outside this machine can sign in.',
          next: 'docs/connect-an-identity-provider.md',
        },
    administrators > 0
      ? { ok: true, about: 'people', says: `${people} have signed in, ${administrators} of them administrators.` }
      : {
          ok: false,
          about: 'people',
          says: 'Nobody has a role yet.',
          next: 'open the first administrator’s link, which the start prints',
        },
    agents.active > 0
      ? { ok: true, about: 'agents', says: `${agents.active} active, ${agents.stopped} stopped.` }
      : {
          ok: false,
          about: 'agents',
          says: 'None is registered and active.',
          next: 'countersign agents add <id> --owner <email> --team <group>',
        },
    ...unserved.map(({ policy, groups, quorum, people: could }): Finding => ({
      ok: false,
      about: policy,
      says: `It asks ${quorum} of ${groups.map(plain).join(', ')}, and ${could === 0 ? 'nobody' : `only ${could}`} who has signed in could approve.`,
      next: `let them sign in once at ${url}, or mend the groups`,
    })),
    ...concerns.map(({ key, says, since }): Finding => ({
      ok: false,
      about: plain(key),
      says: `${plain(says)} Since ${when(since)}.`,
      next: `${url}/system`,
    })),
    { ok: true, about: 'questions', says: `${openQuestions} open.`, next: 'countersign inbox' },
  ]
}

const when = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')

function tell(terminal: Terminal, found: readonly Finding[]): void {
  const { green, red, dim, bold } = inkOf(terminal)
  for (const { ok, about, says, next } of found) {
    terminal.say(`${ok ? green('✓') : red('✗')} ${bold(plain(about))}  ${plain(says)}`)
    if (!ok && next !== undefined) terminal.say(`    ${dim('next:')} ${next}`)
  }
}
