/**
 * What the company's API means, for Countersign's HTTP gateway: a plain object for `http.upstreams` in its
 * configuration.
 *
 * @module
 */
const cel = <Expression extends string>(expression: Expression) => ({ cel: expression })

const dataset = (name: string | { cel: string }) => ({ kind: 'dataset', name }) as const

const listing = (name: string) =>
  ({
    verb: 'data.read',
    resources: [dataset(name)],
    effect: 'read',
    sentence: cel(`"Read " + (has(query.limit) ? grouped(query.limit) : "20") + " rows of ${name}"`),
    reads: [{ name }],
    writes: [],
    rows: cel('has(query.limit) ? int(query.limit) : 20'),
    rowsFrom: 'x-row-count',
  }) as const

export const companyRoutes = {
  'GET /finance/orders': listing('finance.orders'),
  'GET /finance/ledger': listing('finance.ledger'),
  'GET /customers': listing('crm.customers'),
  'POST /finance/exports': {
    verb: 'data.export',
    resources: [dataset(cel('body.dataset'))],
    sentence: cel(
      '"Export " + grouped(body.rows) + " rows of " + body.dataset + " to " + body.destination + " as " + body.format',
    ),
    reads: [{ name: cel('body.dataset') }],
    writes: [],
    destination: cel('body.destination'),
    rows: cel('body.rows'),
    rowsFrom: 'x-row-count',
  },
  'POST /training/exports': {
    verb: 'data.export',
    resources: [dataset(cel('body.dataset'))],
    sentence: cel('"Export all of " + body.dataset + " as training data to " + body.destination'),
    reads: [{ name: cel('body.dataset') }],
    writes: [],
    destination: cel('body.destination'),
  },
  'POST /fine-tunes': {
    verb: 'model.train',
    resources: [{ kind: 'model', name: cel('body.model') }, dataset(cel('body.dataset'))],
    sentence: cel('"Fine-tune " + body.model + " on " + body.dataset + ", " + grouped(body.epochs) + " epochs"'),
    reads: [{ name: cel('body.dataset') }],
    writes: [],
    model: cel('body.model'),
  },
  'GET /models': {
    verb: 'http.call',
    resources: [{ kind: 'route', name: 'company/models' }],
    effect: 'read',
    sentence: 'List the models',
    reads: [],
    writes: [],
  },
  'POST /models/{name}/promotions': {
    verb: 'model.deploy',
    resources: [{ kind: 'model', name: cel('params.name') }],
    effect: 'deploy',
    sentence: cel('"Promote " + params.name + " to " + body.stage'),
    reads: [],
    writes: [],
    model: cel('params.name'),
  },
  'POST /models/{name}/answers': {
    verb: 'model.invoke',
    resources: [{ kind: 'model', name: cel('params.name') }],
    effect: 'read',
    sentence: cel('"Ask " + params.name + " a question"'),
    reads: [],
    writes: [],
    model: cel('params.name'),
  },
  'GET /roles/{role}/grants': {
    verb: 'http.call',
    resources: [{ kind: 'role', name: cel('params.role') }],
    effect: 'read',
    sentence: cel('"List who has the role " + params.role'),
    reads: [],
    writes: [],
  },
  'POST /roles/{role}/grants': {
    verb: 'iam.grant',
    resources: [{ kind: 'role', name: cel('params.role') }],
    effect: 'grant',
    sentence: cel('"Give the role " + params.role + " to " + body.grantee'),
    reads: [],
    writes: [],
  },
} as const

/** `http.upstreams.company`. The token is Countersign's alone; `private`, because the company runs on this machine. */
export const companyUpstream = ({ url, token }: { readonly url: string; readonly token: string }) => ({
  origin: url,
  private: true,
  environment: 'prod',
  credential: { header: 'authorization', value: `Bearer ${token}` },
  routes: companyRoutes,
})
