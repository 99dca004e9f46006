/**
 * A ledger of a million entries: what making, verifying and proving them costs.
 *
 * @module
 */
import {
  createFrontier,
  createLogKey,
  createSigner,
  decodeBundle,
  encodeBundle,
  hashLeaf,
  inclusionProof,
  sha256,
  signCheckpoint,
  tilePath,
  tileWidth,
  verifyEd25519,
  verifyInclusion,
  widthOf,
} from '@countersign/core'
import { verifyLedger } from '@countersign/core/verify'
import { leavesOf, sampleStory } from '../packages/core/src/ledger/sample.ts'
import { tileSource } from '../packages/core/src/ledger/sample-files.ts'
import { type Aim, type Bench, type Figures, load, percentiles, type Row, type Settings } from './measure.ts'
import { digits } from './report.ts'

export const ledger: Bench = {
  name: 'ledger',
  about: 'making, verifying and proving the entries of a ledger, up to a million',
  pictures: [{ title: 'CPU time to verify one entry (µs), by the size of the ledger', figure: 'verifyCpuMicros' }],

  async run(settings) {
    const rows: Row[] = []
    for (const size of settings.quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000]) {
      settings.say(`making ${thousands(size)} entries`)
      const made = await make(size)
      settings.say(`verifying ${thousands(size)} entries`)
      const verified = await verify(made, size)
      settings.say(`proving ${thousands(size)} entries`)
      const proven = await prove(made, size, settings)
      rows.push({
        what: `${thousands(size)} entries`,
        side: 'ledger',
        rounds: [{ ...made.figures, ...verified, ...proven }],
      })
    }
    return { rows, aims: aimsOf(rows) }
  },
}

function aimsOf(rows: readonly Row[]): Aim[] {
  const last = rows.at(-1)
  const micros = last?.rounds[0]?.['verifyCpuMicros'] ?? Number.NaN
  return [
    {
      says: `a million entries verified in at most 6 CPU seconds, as of ${last?.what}`,
      met: micros <= 6,
      got: `${digits(micros)} s`,
    },
  ]
}

interface Made {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly vkey: string
  readonly root: Uint8Array
  readonly figures: Figures
}

/** Leaves of whole stories, one after the other, as an instance writes them; published as C2SP tiles. */
async function make(size: number): Promise<Made> {
  const files = new Map<string, Uint8Array>()
  const rows: Uint8Array[][] = []
  const frontier = createFrontier(sha256, undefined, (level, _, hash) => {
    if (level % 8 === 0) (rows[level / 8] ??= []).push(hash)
  })
  const signer = createSigner('bench/default', createLogKey())
  let bundle: Uint8Array[] = []
  let cpuMicros = 0
  for (let story = 0; frontier.size < size; story += 1) {
    const facts = factsOf(story)
    const before = process.cpuUsage()
    for (const leaf of leavesOf(facts, 1_800_000_000_000 + story * 1_000).slice(0, size - frontier.size)) {
      frontier.push(hashLeaf(sha256, leaf))
      bundle.push(leaf)
      if (bundle.length === tileWidth || frontier.size === size) {
        const index = Math.floor((frontier.size - 1) / tileWidth)
        files.set(tilePath('entries', index, widthOf(size, 0, index)), encodeBundle(bundle))
        bundle = []
      }
    }
    const { user, system } = process.cpuUsage(before)
    cpuMicros += user + system
    if (story % 1_000 === 0) await new Promise(setImmediate)
  }
  for (const [level, row] of rows.entries()) {
    for (let index = 0; widthOf(size, level, index) > 0; index += 1) {
      const width = widthOf(size, level, index)
      files.set(tilePath(level, index, width), Buffer.concat(row.slice(index * tileWidth, index * tileWidth + width)))
    }
  }
  const root = frontier.root()
  files.set('checkpoint', Buffer.from(await signCheckpoint(sha256, signer, { size, root })))
  return { files, vkey: signer.vkey, root, figures: { makeCpuMicros: cpuMicros / size } }
}

/** The first story founds the deployment; the later ones are other actions in it. */
function factsOf(story: number) {
  const text = JSON.stringify(sampleStory()).replaceAll(/"(act|prm|apr)_(\d)"/g, `"$1_${story}_$2"`)
  const facts = JSON.parse(text) as ReturnType<typeof sampleStory>
  return story === 0 ? facts : facts.filter(({ kind }) => /^(action|approval|signature)\./.test(kind))
}

async function verify({ files, vkey }: Made, size: number): Promise<Figures> {
  const cpu = process.cpuUsage()
  const source = { read: async (path: string) => files.get(path) }
  const report = await verifyLedger(source, { hash: sha256, verifySignature: verifyEd25519 }, { vkey })
  const { user, system } = process.cpuUsage(cpu)
  if (report.problems.length > 0) throw new Error(`The ledger does not verify: ${JSON.stringify(report.problems[0])}`)
  return { verifyCpuMicros: (user + system) / size }
}

async function prove({ files, root }: Made, size: number, { forMs }: Settings): Promise<Figures> {
  const source = tileSource(files, size)
  let asked = 0
  const proofs: { index: number; proof: Uint8Array[] }[] = []
  const { took } = await load({ atOnce: 1, forMs: forMs / 2 }, async () => {
    const index = (asked += 7_919) % size
    proofs.push({ index, proof: await inclusionProof(sha256, source, index, size) })
  })
  for (const { index, proof } of proofs.slice(0, 100)) {
    const leafHash = hashLeaf(sha256, leafAt(files, index, size))
    if (!verifyInclusion(sha256, { leafHash, index, size, proof, root })) throw new Error(`${index} is not proven`)
  }
  const { p50Ms, p99Ms } = percentiles(took)
  return { proveP50Micros: p50Ms * 1_000, proveP99Micros: p99Ms * 1_000 }
}

function leafAt(files: Made['files'], index: number, size: number): Uint8Array {
  const bundle = Math.floor(index / tileWidth)
  const bytes = files.get(tilePath('entries', bundle, widthOf(size, 0, bundle)))
  return (bytes && decodeBundle(bytes)[index % tileWidth]) ?? new Uint8Array()
}

const thousands = (count: number) => count.toLocaleString('en-US')
