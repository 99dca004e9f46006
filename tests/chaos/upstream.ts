const cel = <Expression extends string>(expression: Expression) => ({ cel: expression })

/** What the company's API means. Every sentence carries the reference by which the record and the company are compared. */
export const upstream = ({ url, token }: { readonly url: string; readonly token: string }) => ({
  origin: url,
  private: true,
  environment: 'prod',
  credential: { header: 'authorization', value: `Bearer ${token}` },
  routes: {
    'GET /orders': {
      verb: 'data.read',
      resources: [{ kind: 'dataset', name: 'finance.orders' }],
      effect: 'read',
      sentence: cel('"Read orders, ref=" + query.ref'),
      reads: [{ name: 'finance.orders' }],
      writes: [],
      rows: cel('int(query.limit)'),
      rowsFrom: 'x-row-count',
    },
    'POST /notes': {
      verb: 'data.write',
      resources: [{ kind: 'dataset', name: 'finance.orders' }],
      sentence: cel('"Write a note, ref=" + body.ref'),
      reads: [],
      writes: [{ name: 'finance.orders' }],
      rows: cel('body.rows'),
      rowsFrom: 'x-row-count',
    },
    'POST /exports': {
      verb: 'data.export',
      resources: [{ kind: 'dataset', name: 'finance.orders' }],
      sentence: cel('"Export " + string(body.rows) + " orders, ref=" + body.ref'),
      reads: [{ name: 'finance.orders' }],
      writes: [],
      destination: 'warehouse.acme.example',
      rows: cel('body.rows'),
      rowsFrom: 'x-row-count',
    },
  },
})
