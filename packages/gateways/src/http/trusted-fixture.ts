/**
 * For tests: an upstream over TLS, and what the way out makes of it under three names. Prints what it saw.
 *
 * @module
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { createEgress, type Egress } from '@countersign/egress'

const [, , folder = ''] = process.argv
const heard = new Map<TLSSocket, number>()
const server = createServer(
  { cert: readFileSync(join(folder, 'certificate.pem')), key: readFileSync(join(folder, 'key.pem')) },
  ({ socket }, response) => {
    heard.set(socket as TLSSocket, (heard.get(socket as TLSSocket) ?? 0) + 1)
    response.end()
  },
)
server.on('tlsClientError', () => undefined)
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = server.address() as AddressInfo

const told: Record<string, unknown> = {}
for (const name of ['localhost', '127.0.0.1', 'evil.test']) {
  const origin = new URL(`https://${name}:${port}`)
  const egress = createEgress({
    allowed: [origin.origin],
    resolve: (_, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  told[name] = [await ask(egress, origin), await ask(egress, origin)]
  egress.close()
}
told['heard'] = [...heard].map(([{ servername, alpnProtocol }, times]) => [
  servername,
  alpnProtocol,
  times === 2 ? 'one connection' : `${times} of several`,
])
process.stdout.write(JSON.stringify(told))
server.closeAllConnections()
server.close()

async function ask(egress: Egress, origin: URL): Promise<string> {
  const answer = await new Promise<string>((resolve) => {
    const calling = egress.send(
      origin,
      {
        method: 'GET',
        path: '/',
        headers: ['host', origin.host],
        answered: ({ statusCode }) => resolve(String(statusCode)),
        failed: (error) =>
          resolve(`${'code' in error ? String(error.code) : error.message}${calling.reached ? '' : ', not reached'}`),
      },
      { silenceMs: 20_000, longestMs: 20_000 },
    )
  })
  await setImmediate() // its connection is free again then
  return answer
}
