/**
 * How a configured server is reached. Commands come from the configuration file only, as a list of words without a shell.
 *
 * @module
 */
import type { Stream } from 'node:stream'
import type { LogLine } from '@countersign/core'
import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { ServerConfig } from './config.ts'

export function openTransport(name: string, server: ServerConfig, log: (line: LogLine) => void): Transport {
  if ('url' in server) {
    return new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers: server.headers } })
  }
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
