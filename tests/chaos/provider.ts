/**
 * The identity provider of the instances under test, in this process, so that it survives every kill.
 *
 * @module
 */
import { createServer } from 'node:http'
import { createDemoProvider, freePorts } from '@countersign/demo'

export interface RunningProvider {
  readonly issuer: string
  close(): Promise<void>
}

export async function openProvider(instances: readonly string[]): Promise<RunningProvider> {
  const [port = 0] = await freePorts(1)
  const issuer = `http://localhost:${port}`
  const provider = await createDemoProvider({
    issuer,
    clients: [{ client_id: 'countersign', redirect_uris: instances.map((url) => `${url}/sign-in/callback`) }],
  })
  const server = createServer((request, response) => provider.callback(request, response))
  await new Promise<void>((ready) => void server.listen(port, '127.0.0.1', ready))
  return {
    issuer,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await provider.close()
    },
  }
}
