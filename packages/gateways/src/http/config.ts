/**
 * The `http` section of the configuration.
 *
 * @module
 */
import { z } from 'zod'
import { presetNames, presets } from '../meaning/presets/presets.ts'
import { ruleShape } from '../meaning/rule.ts'

/** Headers Countersign answers for itself, so that no upstream gets them from an agent. */
const ownHeaders = new Set(
  (
    'authorization x-countersign-key cookie host connection keep-alive proxy-authorization proxy-connection te trailer ' +
    'transfer-encoding upgrade expect content-length content-encoding accept-encoding prefer user-agent'
  ).split(' '),
)

const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/)
  .toLowerCase()

const AgentHeader = HeaderName.refine((name) => !ownHeaders.has(name) && !name.startsWith('countersign-'), {
  message: 'This header is Countersign’s own and is never sent on.',
})

const SecretPointer = z
  .union([z.string().regex(/^\//), AgentHeader])
  .describe('A header’s name, or a JSON pointer into the body (RFC 6901).')

const BodyBytes = z
  .number()
  .int()
  .positive()
  .max(2 ** 34)

export const RowsFrom = z.enum(['x-row-count', 'ndjson', 'csv', 'json', 'request'])
export type RowsFrom = z.infer<typeof RowsFrom>

/** What an expression of a route looks at: of the sealed request, so that no secret can reach a sentence. */
export const offer = {
  params: 'map<string, string>',
  query: 'map<string, string>',
  queries: 'map<string, list<string>>',
  headers: 'map<string, string>',
  body: 'dyn',
  form: 'map<string, string>',
  forms: 'map<string, list<string>>',
} as const

export const RouteConfig = z
  .strictObject({
    ...ruleShape,
    effect: ruleShape.effect.describe('Default: by verb and method.'),
    operation: z.string().min(1).optional().describe('Default: the method and the pattern.'),
    rows: ruleShape.rows.describe('Rows at most; the answer is cut off before it exceeds them.'),
    bytes: ruleShape.rows.describe('Bytes of the answer at most.'),
    rowsFrom: RowsFrom.optional().describe(
      'How rows of an answer are counted; `request`: the sealed request itself fixes their number.',
    ),
    rowsIn: z
      .string()
      .regex(/^\//)
      .optional()
      .describe(
        'Of a JSON answer, the one list whose rows count (RFC 6901): `/data/items`. Default: every list counts, also where one is within another.',
      ),
    purposeHeader: HeaderName.default('countersign-purpose'),
    secrets: z.array(SecretPointer).default([]),
    maxBodyBytes: BodyBytes.optional().describe('Default: the upstream’s.'),
    websocket: z
      .boolean()
      .default(false)
      .describe('Lets a WebSocket through. Its handshake is the action; what it says afterwards is counted alone.'),
  })
  .refine(({ websocket, effect }) => !websocket || effect !== undefined, {
    path: ['effect'],
    message: 'A WebSocket can carry anything, so say what it may do.',
  })
  .refine(({ rows, rowsFrom }) => rows === undefined || rowsFrom !== undefined, {
    path: ['rowsFrom'],
    message: 'A number of rows is a ceiling, so say how rows are counted.',
  })
  .refine(({ rowsIn, rowsFrom }) => rowsIn === undefined || rowsFrom === 'json', {
    path: ['rowsIn'],
    message: 'A list is named where rows are counted in JSON: say `rowsFrom: json`.',
  })
export type RouteConfig = z.infer<typeof RouteConfig>

const routePresets = presetNames('routes')

/** The routes of each preset, read as an operator's are. */
export const presetRoutes = z.record(z.enum(routePresets), z.record(z.string(), RouteConfig)).parse(presets.routes)

/** The methods served at all; others have no meaning here that a person could judge. */
export const Method = z.enum(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'LOCK', 'UNLOCK'])
export type Method = z.infer<typeof Method>
export const isMethod = (name: unknown): name is Method => (Method.options as readonly unknown[]).includes(name)

export const UpstreamConfig = z.strictObject({
  origin: z
    .url({ protocol: /^https?$/ })
    .refine((text) => ['', '/'].includes(text.slice(new URL(text).origin.length)), {
      message: 'An origin has no path.',
    })
    .transform((text) => new URL(text).origin)
    .describe('The one place that this upstream’s requests go to. No path.'),
  private: z.boolean().default(false).describe('Names this origin as one that may lie in your own networks.'),
  environment: z.string().min(1).describe('What policies read as `context.env`; `prod` is production.'),
  credential: z
    .strictObject({ header: HeaderName, value: z.string().min(1) })
    .optional()
    .describe('Added by Countersign to every request; agents never see it.'),
  methods: z.array(Method).min(1).default(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']),
  headers: z
    .array(AgentHeader)
    .default([
      'accept',
      'accept-language',
      'content-type',
      'content-language',
      'if-match',
      'if-modified-since',
      'if-none-match',
      'if-range',
      'if-unmodified-since',
      'range',
    ])
    .describe('What is sealed and sent of an agent’s headers; the others stay behind.'),
  secrets: z.array(SecretPointer).default([]).describe('On every route of this upstream.'),
  encodedSlash: z
    .enum(['data', 'either'])
    .default('either')
    .describe(
      '`data`: this upstream takes `%2F` in a path for a letter of a name, as GitLab and npm do. `either`: who knows; a path with one meets a route only if it meets the same with `/` in its place.',
    ),
  observe: z
    .boolean()
    .default(false)
    .describe('Holds nothing: what would wait for people runs and is recorded as such.'),
  maxBodyBytes: BodyBytes.optional().describe('Default: the gateway’s.'),
  waitSeconds: z
    .number()
    .int()
    .nonnegative()
    .max(3600)
    .default(240)
    .describe('How long a call waits for people; a client says otherwise with `Prefer: wait=N`. 0: not at all.'),
  silenceMs: z
    .number()
    .int()
    .positive()
    .max(600_000)
    .default(60_000)
    .describe('Longest silence of the upstream, and longest time until the head of its answer stands.'),
  longestMs: z
    .number()
    .int()
    .positive()
    .max(86_400_000)
    .default(3_600_000)
    .describe('Longest time of one call, whatever the upstream sends meanwhile.'),
  preset: z.enum(routePresets).optional().describe('Routes of a well-known service.'),
  openapi: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .optional()
    .describe(
      'An OpenAPI 3 document, here or as `file:` (JSON); `x-countersign` on an operation says what a route can.',
    ),
  routes: z
    .record(z.string().regex(/^[A-Z]+ \/.*$/), RouteConfig)
    .default({})
    .describe(
      '`GET /orders/{id}`, `PUT /files/{path*}`; the most literal one wins. Go before the document’s and the preset’s.',
    ),
})
export type UpstreamConfig = z.infer<typeof UpstreamConfig>

export const TlsConfig = z.strictObject({
  certificate: z
    .string()
    .min(1)
    .describe('The certificate and those that vouch for it, in PEM: a path, absolute or from where it was started.'),
  key: z.string().min(1).describe('Its key, in PEM, without a passphrase: a path.'),
})
export type TlsConfig = z.infer<typeof TlsConfig>

export const HttpConfig = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-f:]+\]|[^\s:]+):\d{1,5}$/)
    .default('127.0.0.1:4601')
    .describe('Address and port of its own listener.'),
  tls: TlsConfig.optional().describe(
    'Speaks TLS 1.2 or 1.3 by a certificate of its own. Renewed files are in force within seconds.',
  ),
  upstreams: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), UpstreamConfig)
    .describe('By the first segment of the path: `/<name>/…` goes to `<origin>/…`.'),
  maxBodyBytes: BodyBytes.default(1_048_576).describe(
    'Of a request, decoded. Past 1 MiB a body lies on disk while its request does, and is sealed by its hash alone.',
  ),
  spoolFolder: z
    .string()
    .min(1)
    .optional()
    .describe('Where bodies past 1 MiB lie. Default: the system’s own place for such.'),
  spoolBytes: z
    .number()
    .int()
    .positive()
    .default(2 ** 32)
    .describe('Of all bodies that lie there at the same time.'),
  maxWaitSeconds: z.number().int().nonnegative().max(3600).default(300).describe('Longest wait, whoever asks for it.'),
  maxConnections: z.number().int().positive().default(10_000),
  maxConnectionsPerCredential: z
    .number()
    .int()
    .positive()
    .default(200)
    .describe('Connections of one key, and so its calls at the same time, held ones included; more are answered 429.'),
  maxConnectionsPerSource: z
    .number()
    .int()
    .positive()
    .default(1_000)
    .describe('Connections of one address that have not shown a key yet; more are ended.'),
  headersTimeoutMs: z.number().int().positive().default(10_000),
  requestTimeoutMs: z.number().int().positive().default(30_000).describe('For a request to arrive whole.'),
  clientSilenceMs: z.number().int().positive().default(60_000).describe('For a client to take in what was sent.'),
  closeWithinMs: z
    .number()
    .int()
    .nonnegative()
    .max(600_000)
    .default(20_000)
    .describe('How long what runs may go on when Countersign is closed; then it is cut off and recorded as it stands.'),
})
export type HttpConfig = z.infer<typeof HttpConfig>
