import { createServer } from 'node:net'

/** As many ports of this machine as asked for, that nobody listens on now. Someone may be quicker: try again then. */
export async function freePorts(count: number): Promise<number[]> {
  const found = await Promise.all(Array.from({ length: count }, hold))
  await Promise.all(found.map(({ letGo }) => letGo()))
  return found.map(({ port }) => port)
}

/** Held until all are found, so that none is found twice. */
function hold(): Promise<{ port: number; letGo(): Promise<void> }> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      resolve({ port, letGo: () => new Promise((done) => server.close(() => done())) })
    })
  })
}
