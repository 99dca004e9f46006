/**
 * `countersign up`: everything on this machine; `--demo` with a company around it. `serve`: as configured.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isError } from '@countersign/core'
import { type ConfigProblem, createLog, prepare, startInstance } from '@countersign/server'
import { inLines, readConfigFile, toldOf } from './config-file.ts'
import { dataDirOf, type Terminal, makeDataDir } from './terminal.ts'
import { demoStands, stands } from './stands.ts'
import { Stopped } from './stopped.ts'

export interface UpOptions {
  readonly demo?: boolean
  readonly fresh?: boolean
  readonly data?: string
  readonly config?: string
  readonly port?: number
  readonly json?: boolean
}

export async function up(terminal: Terminal, options: UpOptions): Promise<void> {
  const stopping = { asked: false }
  const stopped = terminal.stopped().then(() => (stopping.asked = true)) // from now on: also while it still starts
  const dataDir = dataDirOf(terminal, options.data)
  await makeDataDir(terminal, dataDir)
  const opened = await open(terminal, options, dataDir).catch((error: unknown) => {
    // What Ctrl-C in a terminal reached before we did may have failed over it.
    if (!stopping.asked) throw error
    return undefined
  })
  if (opened && !stopping.asked) terminal.say(opened.text)
  await stopped
  await opened?.close()
}

const open = (terminal: Terminal, options: UpOptions, dataDir: string): Promise<Opened> =>
  options.demo ? openWithDemo(terminal, options, join(dataDir, 'demo')) : openConfigured(terminal, options, dataDir)

interface Opened {
  /** What to say at the terminal. */
  readonly text: string
  close(): Promise<void>
}

async function openConfigured(terminal: Terminal, options: UpOptions, dataDir: string): Promise<Opened> {
  const { port, json, data } = options
  const file = readConfigFile(terminal, options.config)
  const { read, baseDir } = file
  const config = port === undefined ? read.config : { ...read.config, listen: { ...read.config.listen, port } }
  const refuse = (problems: readonly ConfigProblem[]) =>
    new Stopped(1, inLines(problems.map(toldOf(terminal, file, 'problem'))))
  if (read.problems.length > 0) {
    const all = await prepare(read, baseDir, dataDir)
    await all.close()
    throw refuse(all.problems)
  }
  const log = createLog(terminal.mutter)
  const { consoleDir, version } = terminal.product
  const rereading = heedHangUp(terminal)
  const started = await startInstance({ config, read, dataDir, baseDir, consoleDir, version, log }).catch(
    (error: unknown) => {
      rereading.close()
      if (!isError(error, 'ERR_CONFIG_INVALID') || !Array.isArray(error.detail)) throw error
      throw refuse(error.detail as ConfigProblem[])
    },
  )
  const { url, welcome } = started
  const people = config.identity ? 'of a provider' : started.localPeople ? 'local' : 'nobody'
  // What did not pass is logged, and stands on the page System.
  rereading.begin(() => void started.reload('signal').catch(() => undefined))
  const close = async () => {
    await started.close()
    rereading.close()
  }
  return { text: json ? JSON.stringify({ url, welcome, people }) : stands({ url, welcome, people, data }), close }
}

/** From before the start until after the end: unheard, the signal would end the process where it stands. */
function heedHangUp({ hungUp }: Terminal): { begin(reload: () => void): void; close(): void } {
  let asked = false
  let reload: () => void = () => (asked = true)
  const deaf = hungUp?.(() => reload())
  return {
    begin(then) {
      reload = then
      if (asked) then()
    },
    close: () => deaf?.(),
  }
}

async function openWithDemo(
  terminal: Terminal,
  { fresh, port = 4600, json }: UpOptions,
  dataDir: string,
): Promise<Opened> {
  if (fresh) await rm(dataDir, { recursive: true, force: true })
  await makeDataDir(terminal, dataDir)
  const { consoleDir, policies, version } = terminal.product
  const log = createLog(terminal.mutter)
  const quiet = (line: Parameters<typeof log>[0]) => (line.level === 'info' ? undefined : log(line))
  const { openDemo, send, steps } = await import('@countersign/demo') // an instance that is none need not read it
  const first = !existsSync(join(dataDir, 'demo-keys.json'))
  const demo = await openDemo({ dataDir, port, httpPort: port + 1, policies, consoleDir, version, log: quiet })
  const { instance, gatewayUrl, keys, close } = demo
  try {
    if (first) {
      await send(steps.export, { publicUrl: instance.url, gatewayUrl, key: keys['finance-bot'] })
      void demo.act(steps.export) // the same action joins its question, and runs once it is approved
    }
  } catch (error) {
    await close()
    throw error
  }
  return { text: json ? JSON.stringify({ url: instance.url, gatewayUrl, keys }) : demoStands(demo), close }
}
