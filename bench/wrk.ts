/**
 * Load by wrk (Debian), which costs so little that it does not measure itself.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Figures } from './measure.ts'
import { findProgram, run } from './processes.ts'

export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** `%d` in it becomes a number that no other request of this run has. GET without one. */
  readonly body?: string | undefined
  /** What every right answer holds. */
  readonly expects: string
}

export interface Load {
  readonly atOnce: number
  readonly forMs: number
  /** Where scripts may be put. */
  readonly folder: string
}

let requests = 0

/** @throws Error if one answer was not what was expected: a refusal is quick, too */
export async function wrk({ url, headers, body, expects }: Target, { atOnce, forMs, folder }: Load): Promise<Figures> {
  const script = join(folder, `wrk-${(requests += 1)}.lua`)
  await writeFile(script, scriptOf({ headers, body, expects, first: requests * 1_000_000 }))
  const seconds = `${Math.max(1, Math.round(forMs / 1000))}s`
  const said = await run([
    findProgram('wrk'),
    '-t1',
    `-c${atOnce}`,
    `-d${seconds}`,
    '--timeout',
    '10s',
    '-s',
    script,
    url,
  ])
  const told = /^told (.*)$/m.exec(said)?.[1] ?? '{}'
  const { wrong, ...figures } = JSON.parse(told) as Figures & { wrong: number }
  if (wrong > 0) throw new Error(`${wrong} answers of ${url} were not what was asked for. ${said}`)
  return figures
}

/** https://github.com/wg/wrk/blob/master/SCRIPTING */
const scriptOf = ({ headers, body, expects, first }: Omit<Target, 'url'> & { first: number }): string => `
wrk.method = "${body === undefined ? 'GET' : 'POST'}"
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  .join('\n')}
local number = ${first}
wrong = 0
${body === undefined ? '' : `local body = [==[${body}]==]`}
function request()
  number = number + 1
  return ${body === undefined ? 'wrk.format(nil, wrk.path .. "?n=" .. number)' : 'wrk.format(nil, nil, nil, (body:gsub("%%d", number)))'}
end
function response(status, headers, text)
  if status ~= 200 or not string.find(text, ${JSON.stringify(expects)}, 1, true) then
    if wrong == 0 then print(status, text) end
    wrong = wrong + 1
  end
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.timeout + threads[1]:get("wrong")
  print(string.format('told {"perSecond":%f,"p50Ms":%f,"p99Ms":%f,"wrong":%d}', summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
`
