/**
 * As much of Kubernetes' API as kubectl asks for to get, apply and delete config maps.
 *
 * @module
 */
import { json, type Served, serve } from './served.ts'

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly [member: string]: unknown }
  readonly [member: string]: unknown
}

export interface Cluster extends Served {
  readonly maps: Map<string, ConfigMap>
  /** What came as `authorization`. */
  readonly shown: Set<string>
}

const collection = '/api/v1/namespaces/default/configmaps'

export async function serveCluster(): Promise<Cluster> {
  const maps = new Map<string, ConfigMap>()
  const shown = new Set<string>()
  const served = await serve(({ method, url = '', headers }, response, body) => {
    shown.add(String(headers.authorization))
    const { pathname } = new URL(url, 'http://cluster')
    const known = discovery[pathname]
    if (known) return json(response, 200, known)
    const name = pathname.startsWith(`${collection}/`) ? decodeURIComponent(pathname.slice(collection.length + 1)) : ''
    const found = maps.get(name)
    if (method === 'POST' && pathname === collection) return put(JSON.parse(body.toString()) as ConfigMap, 201)
    if (!found) return json(response, 404, missing(name))
    if (method === 'GET') return json(response, 200, found)
    if (method === 'PATCH') return put(merged(found, JSON.parse(body.toString()) as ConfigMap), 200)
    if (method !== 'DELETE') return json(response, 405, {})
    maps.delete(name)
    return json(response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })

    function put(given: ConfigMap, status: number): void {
      const whole = { ...given, metadata: { namespace: 'default', uid: `u-${given.metadata.name}`, ...given.metadata } }
      maps.set(given.metadata.name, whole)
      json(response, status, whole)
    }
  })
  return { ...served, maps, shown }
}

/** RFC 7396, deep enough for a config map. */
const merged = (found: ConfigMap, patch: ConfigMap): ConfigMap => ({
  ...found,
  ...patch,
  metadata: { ...found.metadata, ...patch.metadata },
})

const missing = (name: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `configmaps "${name}" not found`,
  reason: 'NotFound',
  details: { name, kind: 'configmaps' },
  code: 404,
})

const discovery: Readonly<Record<string, object>> = {
  '/version': { major: '1', minor: '32', gitVersion: 'v1.32.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      {
        name: 'configmaps',
        singularName: 'configmap',
        namespaced: true,
        kind: 'ConfigMap',
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update'],
        shortNames: ['cm'],
      },
    ],
  },
}
