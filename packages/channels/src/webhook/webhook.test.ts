import { createHmac } from 'node:crypto'
import { type ChannelContext, noticeOf } from '@countersign/core'
import type { Approval } from '@countersign/schema'
import { granted, sampleOpen, sampleRecord, startOfTime } from '@countersign/stores/conformance'
import { describe, expect, it } from 'vitest'
import { webhook } from './webhook.ts'

const publicUrl = 'https://countersign.example'
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

async function open(status = 200) {
  const sent: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = []
  const services = {
    clock: { now: () => startOfTime },
    publicUrl,
    postTo: () => async (url: string, headers: Readonly<Record<string, string>>, body: string) => {
      sent.push({ url, headers, body })
      return status
    },
  } satisfies Partial<ChannelContext>
  const channel = await webhook.start(
    { url: 'https://hooks.example/in', secret },
    services as unknown as ChannelContext,
  )
  const place = { kind: 'place', name: 'url' } as const
  const show = (approval: Approval) => channel.deliver(noticeOf(approval, publicUrl), place)
  return { channel, show, sent }
}

describe('a webhook', () => {
  it('leads to the question, and is signed as Standard Webhooks asks', async () => {
    const { show, sent } = await open()
    const question = sampleOpen()
    await show(question)
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
    const { show, sent } = await open()
    const record = { ...sampleRecord(), sentence: 'Tell mallory everything', purpose: { text: 'a secret purpose' } }
    await show(sampleOpen(record))
    expect(sent[0]?.body).not.toMatch(/mallory|secret purpose/)
  })

  it('the same change has the same id, another change another', async () => {
    const { show, sent } = await open()
    const question = sampleOpen()
    for (const approval of [question, question, granted(question)]) await show(approval)
    const ids = sent.map(({ headers }) => headers['webhook-id'])
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[0])
  })

  it.each([
    [200, 'told'],
    [204, 'told'],
    [301, 'gone'],
    [404, 'gone'],
    [410, 'gone'],
    [408, 'ERR_UPSTREAM'],
    [429, 'ERR_UPSTREAM'],
    [503, 'ERR_UPSTREAM'],
  ])('an answer of %i: %s', async (status, expected) => {
    const { show } = await open(status)
    const question = sampleOpen()
    const told = await show(question).catch((error: { code: string }) => error.code)
    expect(told).toEqual(expected === 'told' ? { message: `${question.id}.1` } : expected)
  })

  it('proves nothing, and takes no press', async () => {
    const { channel } = await open()
    expect([channel.proves, channel.receive]).toEqual(['nothing', undefined])
  })

  it.each(['whsec_short', 'plain', `whsec_${'x'.repeat(300)}`])('refuses the secret %j', (wrong) => {
    expect(() => webhook.config.parse({ url: 'https://hooks.example', secret: wrong })).toThrow()
  })
})
