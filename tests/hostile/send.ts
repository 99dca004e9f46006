/**
 * Ways of sending: floods, requests that hang up, bytes that come slowly, answers that nobody takes.
 *
 * @module
 */
import { Agent as PlainAgent, request } from 'node:http'
import { connect } from 'node:net'

/** How often each answer came: a status, `closed` for a connection that ended without one. */
export type Counts = Record<string, number>

/** So many calls, so many at once, until all are done or it is told to stop. */
export async function flood(
  calls: number,
  atOnce: number,
  stop: AbortSignal,
  one: (each: number) => Promise<string>,
): Promise<Counts> {
  const counts: Counts = {}
  let next = 0
  const lane = async () => {
    while (next < calls && !stop.aborted) {
      const heard = await one(next++)
      counts[heard] = (counts[heard] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return counts
}

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly stop?: AbortSignal
  /** Hangs up then. Default 10 seconds. */
  readonly withinMs?: number
}

const many = new PlainAgent({ keepAlive: true, maxSockets: 2_000 })

export function ask(
  url: string,
  { method = 'GET', headers = {}, body, stop, withinMs = 10_000 }: Asked = {},
): Promise<string> {
  return new Promise((done) => {
    const ended = () => done('closed')
    const call = request(url, { method, headers, agent: many, ...(stop && { signal: stop }) }, (answer) => {
      const status = String(answer.statusCode)
      answer.resume()
      answer.once('close', () => done(status)).once('error', () => done(status))
    })
    call.once('error', ended).once('close', ended)
    call.setTimeout(withinMs, () => call.destroy())
    call.end(body)
  })
}

/** Whether anything came back before it closed, as the status of an answer. */
function talk(url: string, begin: (write: (bytes: string | Uint8Array) => void) => () => void): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((done) => {
    const socket = connect(Number(port), hostname)
    let heard = ''
    const end = begin((bytes) => socket.writable && socket.write(bytes))
    socket.on('data', (bytes: Buffer) => (heard += heard.length < 100 ? bytes.toString('latin1') : ''))
    socket.on('error', () => undefined)
    socket.setTimeout(12_000, () => socket.destroy())
    socket.once('close', () => {
      end()
      done(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 'closed')
    })
    socket.once('end', () => socket.destroy())
  })
}

export const say = (url: string, bytes: Uint8Array) =>
  talk(url, (write) => {
    write(bytes)
    return () => undefined
  })

/** A letter ten times a second. */
export const drip = (url: string, opening: string, stop: AbortSignal) =>
  stopped(url, stop, (write) => {
    write(opening)
    const timer = setInterval(() => write('a'), 100)
    return () => clearInterval(timer)
  })

function stopped(url: string, stop: AbortSignal, begin: Parameters<typeof talk>[1]): Promise<string> {
  const over = new Promise<string>((done) => stop.addEventListener('abort', () => done('closed'), { once: true }))
  return Promise.race([talk(url, begin), over])
}

/** Asks and reads nothing. */
export function hold(url: string, bytes: string, stop: AbortSignal): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((done) => {
    const socket = connect(Number(port), hostname).pause()
    socket.on('error', () => undefined)
    socket.once('close', () => done('closed'))
    stop.addEventListener('abort', () => socket.destroy(), { once: true })
    socket.write(bytes.repeat(20))
  })
}
