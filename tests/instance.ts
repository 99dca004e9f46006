/**
 * A real instance with a company around it: embedded PostgreSQL, OIDC provider, HTTP and MCP gateways, API. One per
 * file.
 *
 * @module
 */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isError, type LogLine, sha256, verifyEd25519 } from '@countersign/core'
import { type LedgerReport, verifyLedger } from '@countersign/core/verify'
import {
  type Browser,
  type Demo,
  type DemoSettings,
  freePorts,
  hurriedPolicies,
  openBrowser,
  openDemo,
  send,
  type Step,
  steps,
  type Told,
} from '@countersign/demo'
import type { ApprovalView } from '@countersign/schema'
import { findSocket } from '@countersign/server'
import { putCluster } from '../packages/stores/src/postgres/testing.ts'

export type PersonName = 'ana' | 'ben' | 'cleo' | 'eve'

export interface TestInstance {
  readonly demo: Demo
  readonly dataDir: string
  readonly url: string
  /** Where the command line meets it. */
  readonly socketPath: string
  /** What was logged, for a test that finds something wrong. */
  readonly lines: readonly LogLine[]
  /** Everyone, signed in. */
  readonly people: Readonly<Record<PersonName, Browser>>
  /** As the step's agent, not waiting for people. */
  act(step: Step, how?: { key?: string; waitSeconds?: number; attempt?: string }): Promise<Told>
  question(told: Told | string, as?: PersonName): Promise<ApprovalView>
  sign(as: PersonName, question: ApprovalView, verdict?: 'approve' | 'reject'): ReturnType<Browser['post']>
  /** Of everything recorded until now. */
  verify(): Promise<LedgerReport>
  close(): Promise<void>
}

export interface TestInstanceOptions {
  /** Changes the text of the policies. */
  readonly policies?: (text: string) => string
  readonly alsoAt?: DemoSettings['alsoAt']
  readonly http?: DemoSettings['http']
  /** The built console; without it there are no pages. */
  readonly consoleDir?: string
}

const policiesHere = fileURLToPath(new URL('../policies', import.meta.url))

export async function openTestInstance({
  policies = (text) => text,
  alsoAt = [],
  http,
  consoleDir,
}: TestInstanceOptions = {}): Promise<TestInstance> {
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-instance-'))
  // PostgreSQL steps down from root to another account, which has to get through.
  await chmod(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700)
  const folder = await hurriedPolicies(policiesHere, join(dataDir, 'policies'))
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'utf8')
    await writeFile(join(folder, name), policies(text))
  }
  await putCluster(join(dataDir, 'pg'))
  const lines: LogLine[] = []
  const log = (line: LogLine) => void lines.push(line)
  try {
    const demo = await onFreePorts({
      dataDir,
      policies: folder,
      consoleDir: consoleDir ?? dataDir,
      version: 'test',
      alsoAt,
      ...(http && { http }),
      log,
    })
    return standing(demo, dataDir, (await findSocket(dataDir)) ?? '', lines, await signEveryoneIn(demo.instance.url))
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true })
    throw error
  }
}

function standing(
  demo: Demo,
  dataDir: string,
  socketPath: string,
  lines: readonly LogLine[],
  people: TestInstance['people'],
): TestInstance {
  const { url } = demo.instance
  return {
    demo,
    dataDir,
    url,
    socketPath,
    lines,
    people,
    act: (step, how = {}) =>
      send(step, { publicUrl: url, gatewayUrl: demo.gatewayUrl, key: demo.keys[step.agent], ...how }),
    question: (told, as = 'ben') =>
      people[as].get<ApprovalView>(`/api/approvals/${typeof told === 'string' ? told : told.approval}`),
    sign: (as, { id, shown }, verdict = 'approve') =>
      people[as].post(`/api/approvals/${id}/signatures`, { verdict, shown }),
    verify: () => verifyAll(demo),
    async close() {
      await demo.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Another process may take a free port before the instance does. */
async function onFreePorts(settings: Omit<DemoSettings, 'port' | 'httpPort'>): Promise<Demo> {
  for (let left = 3; ; left--) {
    const [port = 0, httpPort = 0] = await freePorts(2)
    try {
      return await openDemo({ ...settings, port, httpPort })
    } catch (error) {
      if (left === 0 || !isError(error, 'ERR_PORT_TAKEN')) throw error
    }
  }
}

export async function signEveryoneIn(url: string): Promise<TestInstance['people']> {
  const people = { ana: openBrowser(url), ben: openBrowser(url), cleo: openBrowser(url), eve: openBrowser(url) }
  await Promise.all(Object.entries(people).map(([person, browser]) => browser.signIn(person)))
  return people
}

/** Over HTTP, as anyone could; a checkpoint is published every second. */
async function verifyAll({ instance }: Demo): Promise<LedgerReport> {
  const { size } = await instance.store.ledger.head()
  const read = async (path: string) => {
    const response = await fetch(`${instance.url}/ledger/${path}`)
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined
  }
  await until(
    () => read('checkpoint'),
    (note) => Number(new TextDecoder().decode(note).split('\n')[1]) >= size,
  )
  return verifyLedger({ read }, { hash: sha256, verifySignature: verifyEd25519 }, { vkey: instance.vkey })
}

/** Asks again until it is so; after ten seconds it is as it is. */
export async function until<T>(read: () => Promise<T> | T, so: (value: T) => boolean): Promise<T> {
  for (let left = 200; ; left--) {
    const value = await read()
    if (so(value) || left === 0) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** An export of so many rows: each number is another action, which asks the finance controllers. */
export const exportOf = (rows: number, changed: object = {}): Step => ({
  ...steps.export,
  call: { ...steps.export.call, body: { ...steps.export.call.body, rows, ...changed } },
})

export const codeOf = ({ body }: { readonly body: Record<string, unknown> }) => body['code']
