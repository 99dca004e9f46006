import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { StateReport } from '@countersign/core'
import type { LedgerReport } from '@countersign/core/verify'
import { type Command, InvalidArgumentError } from 'commander'
import type { Ask } from './ask.ts'
import type { Terminal } from './terminal.ts'
import { exportLedger } from './ledger-export.ts'
import { addsUp, inWords, stateInWords, verifyFrom } from './ledger.ts'
import { Stopped } from './stopped.ts'

interface LedgerOptions {
  readonly data?: string
  readonly vkey?: string
  readonly json?: boolean
}

export function addLedger(program: Command, terminal: Terminal, ask: (options: LedgerOptions) => Ask): void {
  const ledger = program.command('ledger').description('verify and export the ledger')
  const onLedger = (command: Command) =>
    command
      .option('--vkey <key>', 'the log’s key, from elsewhere')
      .option('--data <dir>', 'with - : data directory of Countersign')
      .option('--json', 'print JSON')
  const where = async (from: string, options: LedgerOptions) => {
    if (from !== '-') return { from: /^https?:/.test(from) ? from : resolve(terminal.cwd, from), vkey: options.vkey }
    const { url, vkey } = await ask(options)<{ url: string; vkey: string }>('GET', '/status')
    return { from: url, vkey: options.vkey ?? vkey }
  }

  onLedger(
    ledger.command('verify <url-or-folder>').description('recompute everything; - is the instance that runs here'),
  )
    .option('--known <file>', 'a checkpoint kept from before')
    .option('--state', 'with - : hold the tables of its database against the ledger as well')
    .action(
      async (origin: string, { known, state, ...options }: LedgerOptions & { known?: string; state?: boolean }) => {
        if (state && origin !== '-')
          throw new Stopped(
            2,
            'The tables are those of the instance that runs here: countersign ledger verify - --state',
          )
        const { from, vkey } = await where(origin, options)
        const report = await verifyFrom({
          from,
          ...(vkey !== undefined && { vkey }),
          ...(known !== undefined && { known: readFileSync(resolve(terminal.cwd, known), 'utf8') }),
          ...progress(terminal),
        })
        const held = state ? await ask(options)<StateReport>('GET', '/ledger/state') : undefined
        const words = held ? `${inWords(report)}\n${stateInWords(held)}` : inWords(report)
        tell(terminal, report, options.json ? { ...report, ...(held && { tables: held }) } : words)
        if (held && held.differences.length > 0) throw new Stopped(1, '')
      },
    )

  onLedger(ledger.command('export <url-or-folder> <to>').description('write every file, then verify them'))
    .option('--entry <number>', 'lay out this entry with its proof; repeatable', entriesOf, [])
    .action(async (origin: string, to: string, { entry, ...options }: LedgerOptions & { entry: readonly number[] }) => {
      const { from, vkey } = await where(origin, options)
      const folder = resolve(terminal.cwd, to)
      const report = await exportLedger({
        from,
        to: folder,
        entries: entry,
        script: terminal.product.verifyScript,
        ...(vkey !== undefined && { vkey }),
        ...progress(terminal),
      })
      tell(terminal, report, options.json ? { folder, ...report } : `${folder}: ${inWords(report)}`)
    })
}

function tell(terminal: Terminal, report: LedgerReport, answer: string | object): void {
  terminal.say(typeof answer === 'string' ? answer : JSON.stringify(answer, undefined, 2))
  if (!addsUp(report)) throw new Stopped(1, '')
}

const progress = (terminal: Terminal) =>
  terminal.watched && {
    onProgress: (done: number, size: number) =>
      terminal.mutter(`\r  ${done} of ${size} entries${done === size ? '\n' : ''}`),
  }

function entriesOf(text: string, before: readonly number[]): readonly number[] {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('This is not the number of an entry.')
  return [...before, Number(text)]
}
