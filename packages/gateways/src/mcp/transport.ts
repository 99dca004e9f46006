/**
 * How a configured server is reached. Commands come from the configuration file only, as a list of words without a shell.
 *
 * @module
 */
import type { Stream } from 'node:stream'
import { CountersignError, type LogLine } from '@countersign/core'
import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { createEgress } from '../egress.ts'
import { type Fetch, fetchThrough } from '../egress-fetch.ts'
import type { ServerConfig } from './config.ts'

export function openTransport(name: string, server: ServerConfig, log: (line: LogLine) => void): Transport {
  return 'url' in server ? overHttp(server) : overStdio(name, server, log)
}

/** Over the guarded way out: a server's address leads where the configuration says, and no redirect leads elsewhere. */
function overHttp({ url, headers, private: near }: Extract<ServerConfig, { url: string }>): Transport {
  const address = new URL(url)
  const egress = createEgress({ allowed: near ? [address.origin] : [] })
  const transport = new StreamableHTTPClientTransport(address, {
    requestInit: { headers },
    fetch: bounded(fetchThrough(egress), () => void transport.close()),
  })
  transport.onclose = () => egress.close()
  return transport
}

/** As the line of a server over stdio. */
const mostBytes = 10 << 20

/** An answer that does not end is cut off, and the connection with it: whoever waits on it then knows. */
function bounded(fetch: Fetch, onTooMuch: () => void): Fetch {
  return async (url, init) => {
    const { body, status, statusText, headers } = await fetch(url, init)
    let left = mostBytes
    const counted = body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, controller) {
          left -= piece.length
          if (left >= 0) return controller.enqueue(piece)
          controller.error(new CountersignError('ERR_INPUT_TOO_LARGE'))
          onTooMuch()
        },
      }),
    )
    return new Response(counted ?? null, { status, statusText, headers })
  }
}

function overStdio(
  name: string,
  server: Extract<ServerConfig, { command: string[] }>,
  log: (line: LogLine) => void,
): Transport {
  const [command = '', ...args] = server.command
  const transport = new StdioClientTransport({
    command,
    args,
    env: server.env,
    stderr: 'pipe',
    ...(server.cwd !== undefined && { cwd: server.cwd }),
  })
  if (transport.stderr) tell(transport.stderr, name, log)
  return transport
}

const mostPieces = 50
const mostCharacters = 300

/** What a server complains about helps to run it; how much it may say is bounded per start. */
function tell(stderr: Stream, server: string, log: (line: LogLine) => void): void {
  let pieces = 0
  stderr.on('data', (piece: Buffer) => {
    pieces += 1
    if (pieces > mostPieces) return
    log({
      level: 'info',
      says: 'An MCP server says:',
      server,
      text: piece.toString('utf8').slice(0, mostCharacters).trim(),
    })
  })
}
