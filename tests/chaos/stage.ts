/**
 * An instance with its company, its identity provider, its people signed in, and everything that will be known of it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AgentParts } from './agents.ts'
import { createBook } from './book.ts'
import type { Storm } from './checks.ts'
import { createSettableClock } from './clock.ts'
import { openCompany } from './company.ts'
import { openDatabase } from './database.ts'
import { mountSmallDisk } from './full-disk.ts'
import type { InstanceSettings, Ready } from './instance.ts'
import type { Means } from './means.ts'
import { layNetwork, type Network } from './network.ts'
import { type People, signInAt } from './people.ts'
import { ownPorts } from './ports.ts'
import { openProvider } from './provider.ts'
import type { Random } from './random.ts'
import { createServer, type Server, serverPort } from './server.ts'
import { createStanding, type Standing } from './standing.ts'
import type { Scene, Targets } from './strike.ts'
import { layWire } from './wire.ts'

export interface Stage extends Targets {
  ready: Ready
  people: People
  /** The newest checkpoint seen: every later ledger has to continue it. */
  known: string | undefined
  /** Of the ledger. */
  size: number
  /** From just before each strike until the instance stood again: what was answered then may lack its outcome. */
  readonly storms: Storm[]
}

export interface StageParts {
  readonly scene: Scene
  readonly means: Means
  readonly random: Random
  readonly env: NodeJS.ProcessEnv
  /** The instance as one file. */
  readonly program: string
  /** Told what to do to have nothing left, as soon as there is something. */
  onClose(close: () => Promise<void>): void
}

export async function openStage(parts: StageParts): Promise<Stage> {
  const { random, env, program, onClose } = parts
  const folder = await makeFolder()
  onClose(() => rm(folder, { recursive: true, force: true }))
  const companyToken = randomBytes(24).toString('base64url')
  const company = await openCompany(companyToken, random)
  onClose(() => company.close())
  const ports = await ownPorts(4)
  const provider = await openProvider([ports[0], ports[2]].map((port) => `http://localhost:${port}`))
  onClose(() => provider.close())
  const { targets, stores } = await layOutScene(folder, parts)

  const common = {
    keysFile: join(folder, 'agents.json'),
    policies: fileURLToPath(new URL('./policies', import.meta.url)),
    issuer: provider.issuer,
    companyUrl: company.url,
    companyToken,
  }
  const instances = await Promise.all(stores.map(makeInstance))
  const [instance, second] = instances
  if (!instance) throw new Error('A scene has at least one instance.')

  const book = createBook()
  let ready: Ready | undefined
  for (const each of instances) {
    if (each === second) await cp(join(folder, 'data0/keys'), join(folder, 'data1/keys'), { recursive: true })
    each.begin()
    ready = await each.stands()
    if (!ready) throw new Error(`The instance does not stand.\n${each.complaints.join('\n')}`)
    book.traces.starts.tried = book.traces.starts.done += 1
  }
  if (!ready) throw new Error('The instance does not stand.')
  const people = await signInAt(instances, book)
  const memory = { company, book, random, ready, people, known: undefined, size: 0, storms: [] }
  return { ...targets, ...memory, instance, second, folder: instance.settings.folder }

  async function makeInstance(storeUrl: string | undefined, address: number): Promise<Standing> {
    const dataDir = join(folder, `data${address}`)
    await mkdir(dataDir, { recursive: true })
    await chmod(dataDir, 0o711)
    const [port = 0, httpPort = 0] = ports.slice(2 * address)
    const written = storeUrl === undefined ? join(dataDir, 'files') : join(folder, 'files')
    const own: Omit<InstanceSettings, keyof typeof common> = {
      dataDir,
      folder: written,
      port,
      httpPort,
      ...(storeUrl && { storeUrl }),
    }
    const clocked = { ...env, ...(targets.clocks?.[address] ?? targets.clock)?.env }
    const standing = createStanding({ settings: { ...common, ...own }, env: clocked, program })
    onClose(() => standing.clear())
    return standing
  }
}

/** A folder of our own for instances to live in. As root, PostgreSQL runs as someone else, who has to pass. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-chaos-'))
  await chmod(folder, 0o711)
  return folder
}

type Struck = Pick<Targets, 'clock' | 'disk' | 'server' | 'cable' | 'wires' | 'database' | 'clocks'>

/** What can be struck beside the instance, and for each instance the URL of its store, if it is not embedded. */
async function layOutScene(
  folder: string,
  { scene, means, onClose }: StageParts,
): Promise<{ targets: Struck; stores: readonly (string | undefined)[] }> {
  switch (scene) {
    case 'alone':
      return {
        targets: { clock: means.clock ? await createSettableClock(join(folder, 'clock')) : undefined },
        stores: [undefined],
      }
    case 'small-disk': {
      const dataDir = join(folder, 'data0')
      await mkdir(dataDir)
      const disk = await mountSmallDisk(dataDir, 256)
      if (disk) onClose(() => disk.unmount())
      return { targets: { disk }, stores: [undefined] }
    }
    case 'pair': {
      const { server, network } = await layServer()
      const [cable, other] = network.cables
      return { targets: { server, cable }, stores: [server.url(cable.address), server.url(other.address)] }
    }
    case 'wired': {
      const { server, network } = await layServer()
      const [{ address }] = network.cables
      const wires = [await layWire(address, serverPort), await layWire(address, serverPort)] as const
      for (const wire of wires) onClose(() => wire.close())
      const clocks = [
        await createSettableClock(join(folder, 'clock0')),
        await createSettableClock(join(folder, 'clock1')),
      ] as const
      const database = openDatabase(server.url(address))
      return {
        targets: { server, wires, clocks, database },
        stores: wires.map((wire) => server.url(wire.host, wire.port)),
      }
    }
  }

  async function layServer(): Promise<{ server: Server; network: Network }> {
    const network = await layNetwork()
    if (!network || means.server === undefined) throw new Error('There is no network of our own, or no server.')
    onClose(() => network.remove())
    const server = await createServer(join(folder, 'server'), means.server, network)
    onClose(() => server.kill())
    await server.start()
    return { server, network }
  }
}

export const partsOf = ({ book, random, instance, second, ready, folder }: Stage): AgentParts => ({
  book,
  random,
  addresses: second ? [instance, second] : [instance],
  folder,
  ready,
})
