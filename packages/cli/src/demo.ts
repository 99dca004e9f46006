/**
 * `countersign demo`: the story of one night, against an instance of its own.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Demo, freePorts, hurriedPolicies, type Offered, openDemo, tellStory } from '@countersign/demo'
import { createLog } from '@countersign/server'
import { type Terminal, makeDataDir } from './terminal.ts'
import { addsUp, inWords, verifyFrom } from './ledger.ts'
import { storyIsOver } from './stands.ts'
import { Stopped } from './stopped.ts'

export interface DemoOptions {
  readonly unattended?: boolean
  readonly json?: boolean
}

/** How long the attended demo leaves a question to its visitor; after that the demo's own people answer it. */
const visitorsSeconds = 60

export async function tellDemo(terminal: Terminal, { unattended = false, json = false }: DemoOptions): Promise<void> {
  const stopped = terminal.stopped()
  const dataDir = await makeDataDir(terminal, await mkdtemp(join(tmpdir(), 'countersign-demo-')))
  let demo: Demo | undefined
  try {
    demo = await open(terminal, dataDir)
    const telling = tell(terminal, demo, { attended: terminal.watched && !unattended && !json, json })
    await Promise.race([telling, stopped.then(() => Promise.reject(new Stopped(1, 'Stopped; the story is not over.')))])
  } finally {
    await demo?.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function open(terminal: Terminal, dataDir: string): Promise<Demo> {
  const policies = await hurriedPolicies(terminal.product.policies, join(dataDir, 'policies'))
  const [port = 0, httpPort = 0] = await freePorts(2)
  const { consoleDir, version } = terminal.product
  const log = createLog(terminal.mutter)
  const quiet = (line: Parameters<typeof log>[0]) => (line.level === 'error' ? log(line) : undefined)
  return openDemo({ dataDir, port, httpPort, policies, consoleDir, version, log: quiet })
}

async function tell(
  terminal: Terminal,
  demo: Demo,
  { attended, json }: { attended: boolean; json: boolean },
): Promise<void> {
  const say = (text: string) => (json ? undefined : terminal.say(text))
  const { url, vkey } = demo.instance
  say(`An instance of its own stands at ${url}. Its people sign in and approve as a browser would.`)
  if (attended) say(`Open it, and answer for them where they are asked: each waits ${visitorsSeconds} s for you.`)

  let verified = false
  const { steps, failed } = await tellStory({
    demo,
    tell: {
      chapter: (title) => say(`\n${title}`),
      step: (what, held, detail) => say(`  ${held ? '✓' : '✗'} ${what}${held ? '' : `\n      ${detail ?? ''}`}`),
      waiting: (where, secondsLeft) => say(`    … waits for people: ${where} (${secondsLeft} s left)`),
    },
    ...(attended && { offer: (question: Offered) => waitForVisitor(terminal, question) }),
    verify: async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500)) // a checkpoint is published every second
      const report = await verifyFrom({ from: url, vkey })
      verified = addsUp(report) && report.size > 0
      return { ok: verified, says: inWords(report) }
    },
  })
  const ledger = verified ? 'verified' : 'NOT verified'
  terminal.say(
    json ? JSON.stringify({ steps, failed, verified }) : `\ndemo: ${steps} steps, ${failed} failed, ledger ${ledger}`,
  )
  say(storyIsOver)
  if (failed > 0 || !verified) throw new Stopped(1, '')
}

/** Whoever looks on may sign in as one of the story’s people and answer; after a minute that person does. */
export async function waitForVisitor(
  terminal: Pick<Terminal, 'mutter' | 'lookEveryMs'>,
  { person, url, open: isOpen }: Offered,
): Promise<void> {
  const name = person.slice(0, 1).toUpperCase() + person.slice(1)
  terminal.mutter(`      Sign in there as ${name} and answer: ${url}\n`)
  for (let left = visitorsSeconds; left > 0 && (await isOpen()); left -= 1) {
    terminal.mutter(`\r      ${name} signs in ${left} s  `)
    await new Promise((resolve) => setTimeout(resolve, terminal.lookEveryMs ?? 1_000))
  }
  terminal.mutter('\r\u001b[K')
}
