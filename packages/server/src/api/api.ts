/**
 * Countersign's API for people and their tools: one listener's worth of paths, put together from one file per area.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { z } from 'zod'
import { actions } from './actions/actions.ts'
import { exportActions } from './actions/actions-export.ts'
import { agents } from './agents/agents.ts'
import { approvals } from './approvals/approvals.ts'
import { elsewhere, hostOf, mustBeOurName, readStrictly, requestIdOf, hardened } from '../http/request.ts'
import { events, type Windows } from './events/events.ts'
import { health } from './system/health.ts'
import { ledger } from './ledger/ledger.ts'
import { lineage } from './lineage/lineage.ts'
import { me } from './people/me.ts'
import type { Api, ApiEnv, ApiParts } from './front/parts.ts'
import { people } from './people/people.ts'
import { policies } from './policies/policies.ts'
import { problem, telling } from '../http/problems.ts'
import { createReads } from './front/reads.ts'
import { signIn } from './people/sign-in.ts'
import { tools } from './system/tools.ts'
import { system } from './system/system.ts'
import { mustBeSameOrigin, mustBeTheWindow, refuseTokens, visitorOf } from './front/who.ts'

export interface OpenApi {
  /** `peer` is the address of the other end; without it the founding link is refused. */
  fetch(request: Request, from?: { readonly peer: string | undefined }): Promise<Response>
  /** The OpenAPI 3.1 document. */
  openapi(): object
  /** They are told what the ledger is told; closing ends them. */
  readonly windows: Windows
}

export function createApi(parts: ApiParts): OpenApi {
  const { publicUrl, log } = parts
  const api: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw telling(new CountersignError('ERR_INPUT_INVALID'), wordsOf(result.error))
    },
  })
  api.onError((error, context) => problem(error, context.env.requestId, log))
  api.notFound((context) => notFound(context.req.raw, context.req.path))

  api.use('/api/*', async (context, next) => {
    const request = context.req.raw
    refuseTokens(request)
    mustBeSameOrigin(request, publicUrl)
    // An open window that listens is not someone at work.
    context.set('visitor', await visitorOf(parts, request, { quiet: context.req.path === '/api/events' }))
    mustBeTheWindow(parts, request, context.get('visitor').person)
    // Not before: what nobody signed in for is not worth a look.
    context.req.raw = await readStrictly(request)
    await next()
  })

  const reads = createReads(parts)
  health(api, parts)
  me(api, parts)
  approvals(api, parts, reads)
  exportActions(api, parts, reads) // before the ids, of which its name is none
  actions(api, parts, reads)
  agents(api, parts)
  people(api, parts, reads)
  policies(api, parts, reads)
  tools(api, parts)
  lineage(api, parts, reads)
  ledger(api, parts)
  system(api, parts)
  signIn(api, parts)
  const windows = events(api, parts)
  let document: object | undefined
  api.get('/openapi.json', (context) => context.json((document ??= openapi())))

  return { fetch, openapi, windows }

  async function fetch(request: Request, from?: { readonly peer: string | undefined }): Promise<Response> {
    const requestId = requestIdOf(request.headers.get('x-request-id'))
    try {
      mustBeOurName(hostOf(request), publicUrl)
      const receive = parts.receivers?.get(new URL(request.url).pathname)
      if (receive) return hardened(await receive(request), requestId, publicUrl)
      const moved = elsewhere(request, publicUrl)
      if (moved) return hardened(moved, requestId, publicUrl)
      return hardened(await api.fetch(request, { requestId, peer: from?.peer }), requestId, publicUrl)
    } catch (error) {
      return hardened(problem(error, requestId, log), requestId, publicUrl)
    }
  }

  async function notFound(request: Request, path: string): Promise<Response> {
    const ours = path.startsWith('/api/') || path.startsWith('/ledger/') || path === '/api'
    if (ours || (request.method !== 'GET' && request.method !== 'HEAD')) throw new CountersignError('ERR_NOT_FOUND')
    return parts.page(request)
  }

  function openapi(): object {
    return api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Countersign',
        version: parts.version,
        description: 'For people and their tools. Every path under /api takes a browser session; no token opens one.',
      },
      servers: [{ url: publicUrl }],
    })
  }
}

/** Where it is wrong and how, never the value. */
const wordsOf = ({ issues }: z.ZodError | { issues: readonly { path: PropertyKey[]; message: string }[] }) =>
  issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`)
    .join('; ')
