/**
 * What this machine lets us do to an instance: some of it needs root, some a program.
 *
 * @module
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { clocksCanBeSet } from './clock.ts'
import { mountSmallDisk } from './full-disk.ts'
import { canInjure } from './injure.ts'
import { layNetwork } from './network.ts'
import { findServer } from './server.ts'
import type { Mode, Scene } from './strike.ts'

export interface Means {
  readonly clock: boolean
  readonly strace: boolean
  readonly disk: boolean
  readonly network: boolean
  /** Where the programs of a PostgreSQL server lie. */
  readonly server: string | undefined
}

export async function findMeans(root: boolean): Promise<Means> {
  const [clock, strace, server] = await Promise.all([clocksCanBeSet(), canInjure(), findServer()])
  return { clock, strace, server, disk: root && (await canMount()), network: root && (await canLay()) }
}

/** What a mode lacks here, in words; undefined if nothing. */
export function lacks({ scene, needs }: Mode, means: Means): string | undefined {
  const missing = [
    needs === 'strace' && !means.strace ? 'strace' : '',
    (needs === 'clock' || onNetwork(scene)) && !means.clock ? 'libfaketime' : '',
    scene === 'small-disk' && !means.disk ? 'the right to mount' : '',
    onNetwork(scene) && !means.network ? 'root, ip and nft' : '',
    onNetwork(scene) && means.server === undefined ? 'a PostgreSQL server' : '',
  ].filter((name) => name !== '')
  return missing.length > 0 ? missing.join(', ') : undefined
}

const onNetwork = (scene: Scene): boolean => scene === 'pair' || scene === 'wired'

async function canMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-chaos-'))
  const disk = await mountSmallDisk(folder, 1)
  await disk?.unmount()
  await rmdir(folder)
  return disk !== undefined
}

async function canLay(): Promise<boolean> {
  const network = await layNetwork()
  await network?.remove()
  return network !== undefined
}
