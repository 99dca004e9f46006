import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Instance, openInstance, text } from './fixture.ts'

let instance: Instance
beforeEach(async () => {
  const read = {
    verb: 'data.read',
    resources: [{ kind: 'dataset', name: 'finance.orders' }],
    rows: 10,
    rowsFrom: 'csv',
  }
  instance = await openInstance({ upstream: { routes: { 'GET /counted': read } } })
  instance.upstream.answer = ({ headers }, response) => {
    response.writeHead(headers.range === undefined ? 200 : 206, {
      'content-type': headers.accept ?? 'text/plain',
      'accept-ranges': 'bytes',
      ...(headers.range !== undefined && { 'content-range': 'bytes 2-5/10' }),
    })
    response.end(headers.accept === 'application/json' ? '"123-45-6789"' : 'part')
  }
})
afterEach(() => instance.close())

const part = { range: 'bytes=2-5', 'if-range': '"one"' }

describe('F6: Range and If-Range', () => {
  it('are sealed, sent, and answered with the part', async () => {
    const answer = await instance.ask('/crm/files/a', { headers: part })
    expect([answer.status, answer.headers.get('content-range'), await answer.text()]).toEqual([
      206,
      'bytes 2-5/10',
      'part',
    ])
    expect(instance.attempts[0]?.action.parameters['headers']).toMatchObject(part)
    expect(instance.upstream.received[0]?.headers).toMatchObject(part)
  })

  it('so are the other conditions', async () => {
    const conditions = {
      'if-modified-since': 'Mon, 30 Nov 2026 08:00:00 GMT',
      'if-unmodified-since': 'Mon, 30 Nov 2026 09:00:00 GMT',
    }
    await instance.ask('/crm/files/a', { headers: conditions })
    expect(instance.upstream.received[0]?.headers).toMatchObject(conditions)
  })

  it('of an answer whose rows are bounded no part is given, nor of one that is masked: nobody could count or find them', async () => {
    await instance.ask('/crm/counted', { headers: { ...part, accept: 'text/csv' } })
    expect(instance.upstream.received[0]?.headers).not.toHaveProperty('range')
    instance.obligations = [{ kind: 'mask', fields: ['ssn'] }]
    const masked = await instance.ask('/crm/files/a', { headers: { ...part, accept: 'application/json' } })
    expect([masked.status, await text(masked)]).toMatchObject([502, expect.not.stringContaining('123-45')])
  })
})
