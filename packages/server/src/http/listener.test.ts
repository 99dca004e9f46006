import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isError } from '@countersign/core'
import { afterEach, describe, expect, it } from 'vitest'
import { listen } from './listener.ts'
import { openAll } from '../opened.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

describe('the listener', () => {
  const opened = openAll()
  afterEach(() => opened.close())

  const start = (host = 'localhost', port = 0) =>
    opened.add(
      listen({
        host,
        port,
        fetch: async (request, { peer }) => new Response(`${new URL(request.url).pathname} from ${peer}`),
        mounts: [{ path: '/own', answer: (request, response) => response.end(`own ${request.url}`) }],
      }),
    )
  const read = async (url: string) => (await fetch(url)).text()

  async function occupy(host: string): Promise<number> {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    await opened.add({ close: async () => void (await new Promise((done) => server.close(done))) })
    return (server.address() as AddressInfo).port
  }

  it.runIf(hasIpv6)('`localhost` is both loopback addresses, and it knows who asks', async () => {
    const { port } = await start()
    expect(await read(`http://127.0.0.1:${port}/a`)).toBe('/a from 127.0.0.1')
    expect(await read(`http://[::1]:${port}/a`)).toBe('/a from ::1')
  })

  it('B6: has places left for others when one address has taken half of them', async () => {
    const { port } = await opened.add(
      listen({ host: '127.0.0.1', port: 0, fetch: async () => new Response('in'), mostConnections: 4 }),
    )
    const from = async (localAddress: string) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress })
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      await opened.add({ close: async () => void socket.destroy() })
      socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
      return Promise.race([once(socket, 'data').then(() => 'in'), once(socket, 'close').then(() => 'out')])
    }
    expect([await from('127.0.0.1'), await from('127.0.0.1'), await from('127.0.0.1')]).toEqual(['in', 'in', 'out'])
    expect([await from('127.0.0.2'), await from('127.0.0.2')]).toEqual(['in', 'in'])
  })

  it('an address is that address alone', async () => {
    const { port } = await start('127.0.0.1')
    expect(await read(`http://127.0.0.1:${port}/`)).toBe('/ from 127.0.0.1')
    await expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow()
  })

  it('what answers by itself gets its path and what is below, nothing beside', async () => {
    const { port } = await start()
    const at = (path: string) => read(`http://127.0.0.1:${port}${path}`)
    expect([await at('/own'), await at('/own/a'), await at('/owner')]).toEqual([
      'own /own',
      'own /own/a',
      '/owner from 127.0.0.1',
    ])
  })

  it.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])(
    'a port taken on %s is an error of its own, and nothing stays open',
    async (taken) => {
      const port = await occupy(taken)
      const refused = await start('localhost', port).catch((error: unknown) => error)
      expect(isError(refused, 'ERR_PORT_TAKEN')).toBe(true)
      expect((refused as { detail: unknown }).detail).toEqual({ host: taken, port })
      if (taken === '::1') await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    },
  )

  it('closing cuts what is held', async () => {
    let entered = () => {}
    const inside = new Promise<void>((resolve) => (entered = resolve))
    const listener = await listen({
      host: '127.0.0.1',
      port: 0,
      fetch: async () => {
        entered()
        return new Promise(() => undefined)
      },
    })
    const held = fetch(`http://127.0.0.1:${listener.port}/`).catch(() => 'cut')
    await inside
    await listener.close()
    expect(await held).toBe('cut')
  })
})
