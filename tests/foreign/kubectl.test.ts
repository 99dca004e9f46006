import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certify } from '../../packages/gateways/src/http/certificates.ts'
import { openTestInstance, type TestInstance } from '../instance.ts'
import { answered, client } from './clients.ts'
import { type Cluster, serveCluster } from './services/cluster.ts'

describe('F11: kubectl through the gateway, over TLS', () => {
  let instance: TestInstance
  let cluster: Cluster
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-kubectl-'))
    const { certificate, key } = certify()
    const tls = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
    await writeFile(tls.certificate, certificate)
    await writeFile(tls.key, key, { mode: 0o600 })
    cluster = await serveCluster()
    const reading = {
      verb: 'file.read',
      effect: 'read',
      resources: [{ kind: 'route', name: 'cluster' }],
      reads: [],
      writes: [],
    }
    const upstream = {
      origin: cluster.origin,
      private: true,
      environment: 'prod',
      credential: { header: 'authorization', value: 'Bearer of-the-cluster' },
      routes: { 'GET /{path*}': reading },
    }
    instance = await openTestInstance({
      http: {
        tls,
        upstreams: { cluster: upstream, hasty: { ...upstream, waitSeconds: 1 } },
      },
    })
    await writeFile(
      join(folder, 'config'),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'c',
            cluster: { server: `${instance.demo.gatewayUrl}/cluster`, 'certificate-authority': tls.certificate },
          },
        ],
        users: [{ name: 'u', user: { token: instance.demo.keys['ops-bot'] } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'default' } }],
        'current-context': 'x',
      }),
    )
    await writeFile(
      join(folder, 'prices.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'prices' }, data: { pencil: '3' } }),
    )
  })
  afterAll(async () => {
    await instance.close()
    await cluster.close()
    await rm(folder, { recursive: true, force: true })
  })

  const kubectl = (...words: string[]) =>
    client('kubectl', ['--kubeconfig', join(folder, 'config'), ...words], { cwd: folder })
  const apply = () => kubectl('apply', '--validate=false', '-f', join(folder, 'prices.json'))

  it('applies once a person has approved, and gets at once', async () => {
    const applied = apply()
    await answered(instance, 'approve')
    expect(await applied).toEqual({ code: 0, said: 'configmap/prices created\n' })
    expect(await kubectl('get', 'configmap', 'prices', '-o', 'jsonpath={.data.pencil}')).toEqual({ code: 0, said: '3' })
    expect([...cluster.shown]).toEqual(['Bearer of-the-cluster'])
  })

  it('a rejected delete fails in kubectl’s own error line, with the reason', async () => {
    const deleted = kubectl('delete', 'configmap', 'prices')
    await answered(instance, 'reject', 'Not tonight.')
    expect(await deleted).toEqual({
      code: 1,
      said: 'Error from server (Forbidden): A person rejected this. Nothing was run. Do not send it again unchanged. Not tonight.\n',
    })
    expect(cluster.maps.has('prices')).toBe(true)
  })

  it('an approved one is done', async () => {
    const deleted = kubectl('delete', 'configmap', 'prices', '--cascade=orphan')
    await answered(instance, 'approve')
    expect(await deleted).toEqual({ code: 0, said: 'configmap "prices" deleted\n' })
    expect(cluster.maps.has('prices')).toBe(false)
  })

  it('nobody answers in the time there is: it says who is asked, and where', async () => {
    const { code, said } = await kubectl(
      '--server',
      `${instance.demo.gatewayUrl}/hasty`,
      'delete',
      'configmap',
      'prices',
    )
    expect(code).toBe(1)
    expect(said).toMatch(
      /^Error from server \(Waiting\): Not run yet: people are being asked\..* Waiting for .*http:\/\/localhost/,
    )
    expect(cluster.log.filter((line) => line.startsWith('DELETE'))).toHaveLength(1)
  })
})
