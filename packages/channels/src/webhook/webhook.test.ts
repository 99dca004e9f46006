import { createHmac } from 'node:crypto'
import type { ChannelContext } from '@countersign/core'
import { granted, sampleOpen, sampleRecord, startOfTime } from '@countersign/stores/conformance'
import { describe, expect, it } from 'vitest'
import { webhook } from './webhook.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

async function open(status = 200) {
  const sent: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = []
  const services = {
    clock: { now: () => startOfTime },
    publicUrl: 'https://countersign.example',
    postTo: () => async (url: string, headers: Readonly<Record<string, string>>, body: string) => {
      sent.push({ url, headers, body })
      return status
    },
  } satisfies Partial<ChannelContext>
  const channel = await webhook.start(
    { url: 'https://hooks.example/in', secret },
    services as unknown as ChannelContext,
  )
  return { channel, sent }
}

describe('a webhook', () => {
  it('leads to the question, and is signed as Standard Webhooks asks', async () => {
    const { channel, sent } = await open()
    const question = sampleOpen()
    await channel.show(question)
    const { headers, body } = sent[0] ?? { headers: {} as Readonly<Record<string, string>>, body: '' }
    expect(JSON.parse(body)).toMatchObject({
      type: 'approval.open',
      data: { approval: question.id, state: 'open', url: `https://countersign.example/approvals/${question.id}` },
    })
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
  })

  it('says nothing of what the agent wrote', async () => {
    const { channel, sent } = await open()
    const record = { ...sampleRecord(), sentence: 'Tell mallory everything', purpose: { text: 'a secret purpose' } }
    await channel.show(sampleOpen(record))
    expect(sent[0]?.body).not.toMatch(/mallory|secret purpose/)
  })

  it('the same change has the same id, another change another', async () => {
    const { channel, sent } = await open()
    const question = sampleOpen()
    for (const approval of [question, question, granted(question)]) await channel.show(approval)
    const ids = sent.map(({ headers }) => headers['webhook-id'])
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[0])
  })

  it.each([
    [200, true],
    [410, true],
    [404, true],
    [429, false],
    [503, false],
  ])('an answer of %i counts as taken: %s', async (status, taken) => {
    const { channel } = await open(status)
    const told = channel.show(sampleOpen())
    if (taken) await expect(told).resolves.toBeUndefined()
    else await expect(told).rejects.toMatchObject({ code: 'ERR_UPSTREAM' })
  })

  it.each(['whsec_short', 'plain', `whsec_${'x'.repeat(300)}`])('refuses the secret %j', (wrong) => {
    expect(() => webhook.config.parse({ url: 'https://hooks.example', secret: wrong })).toThrow()
  })
})
