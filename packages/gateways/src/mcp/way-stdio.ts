/**
 * A server that is a program of ours: a message a line (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio).
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { StringDecoder } from 'node:string_decoder'
import type { LogLine } from '@countersign/core'
import type { ServerConfig } from './config.ts'
import { mostBytes, type OpenWay } from './way.ts'

type OverStdio = Extract<ServerConfig, { command: string[] }>

export const openOverStdio =
  (name: string, server: OverStdio, log: (line: LogLine) => void): OpenWay =>
  (hear) => {
    const [command = '', ...args] = server.command
    const child = spawn(command, args, {
      env: { ...inherited(), ...server.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      ...(server.cwd !== undefined && { cwd: server.cwd }),
    })
    const complaint = listenTo(child, name, log)
    let open = true
    const gone = new Promise<void>((resolve) => {
      child.once('close', (code, signal) => {
        end(`The program ${name} has ended with ${signal ?? `code ${code}`}${complaint()}.`)
        resolve()
      })
      child.once('error', (error: NodeJS.ErrnoException) => {
        end(notStarted(error, command, server.cwd))
        if (child.pid === undefined) resolve()
      })
    })

    function end(says: string): void {
      if (!open) return
      open = false
      hear.lost(says)
    }

    const read = lines((line) => open && hear.message(line))
    child.stdout.on('data', (piece: Buffer) => {
      if (read(piece)) return
      end(`The program ${name} sent a line of more than ${mostBytes} bytes.`)
      child.kill('SIGKILL')
    })
    child.stdin.on('error', () => undefined) // it has closed its end; `close` tells why

    /** What is sent in one turn goes out in one write: each wakes the program. */
    let leaving = ''
    function write(message: string): void {
      if (leaving === '') setImmediate(flush)
      leaving += `${message}\n`
    }
    function flush(): void {
      const lines = leaving
      leaving = ''
      if (lines !== '' && child.stdin.writable) child.stdin.write(lines)
    }

    return {
      pid: child.pid,
      async send(message) {
        if (!open || !child.stdin.writable) return { kind: 'refused', says: 'the program is not running' }
        write(message)
        return sent
      },
      agreed: () => undefined,
      async close() {
        open = false
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
        flush()
        child.stdin.end()
        for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
          if (await within(gone, politeMs)) return
          child.kill(signal)
        }
        await gone
      },
    }
  }

const sent = { kind: 'sent' } as const

/** How long a server may take to leave when its input ends, and again after SIGTERM; then it is killed. */
const politeMs = 2_000

async function within(settled: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController()
  const late = pause(ms, false, { signal: timer.signal }).catch(() => false)
  const first = await Promise.race([settled.then(() => true), late])
  timer.abort()
  return first
}

/** What a program needs to find its way about, and nothing that is ours. */
function inherited(): Record<string, string> {
  const names = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}

function notStarted({ code, message }: NodeJS.ErrnoException, command: string, cwd: string | undefined): string {
  const folder = cwd === undefined ? '' : `, or no folder ${JSON.stringify(cwd)}`
  if (code === 'ENOENT') return `There is no program ${JSON.stringify(command)}${folder}.`
  if (code === 'EACCES') return `The program ${JSON.stringify(command)} may not be run: permission denied.`
  return `The program ${JSON.stringify(command)} could not be started: ${code ?? message}.`
}

/** False once a line is too long. */
function lines(tell: (line: string) => void): (piece: Buffer) => boolean {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return (piece) => {
    const parts = decoder.write(piece).split('\n')
    parts[0] = rest + (parts[0] ?? '')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.trim() !== '') tell(part)
    return rest.length <= mostBytes
  }
}

/** Lines of a server's stderr that are logged after each start; of those beyond only the last is told when it ends. */
const mostLines = 50
/** Characters of such a line; the rest is cut. */
const mostCharacters = 300

/** What a server complains about helps to run it; how much it may say is bounded per start. Returns its last words. */
function listenTo(child: ChildProcess, server: string, log: (line: LogLine) => void): () => string {
  let told = 0
  let last = ''
  child.stderr?.on('data', (piece: Buffer) => {
    const said = piece.toString('utf8').split('\n').map(clean).filter(Boolean)
    last = said.at(-1) ?? last
    for (const text of said) {
      told += 1
      if (told <= mostLines) log({ level: 'info', says: 'An MCP server says:', server, text })
    }
  })
  return () => (last === '' ? '' : `; its last words: ${last}`)
}

/** One line without control, format and direction characters. */
const clean = (text: string): string =>
  text
    .slice(0, mostCharacters)
    // oxlint-disable-next-line no-control-regex -- colours of a terminal
    .replace(/\x1b\[[\d;]*[A-Za-z]/g, '')
    .replace(/\p{C}/gu, ' ')
    .trim()
