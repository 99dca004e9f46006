import { type ActionQuery, classKeyword, digestKeyword, purposeKeywords } from '@countersign/core'
import type { ActionRecord, DataUse } from '@countersign/schema'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  agentChanged,
  asked,
  changed,
  decided,
  finished,
  begins,
  permitted,
  sampleFailed,
  sampleUnknown,
} from './facts.ts'
import {
  minuteMs,
  sampleAction,
  sampleAgent,
  sampleAllow,
  sampleAsk,
  granted,
  rejected,
  sampleDeny,
  sampleOpen,
  samplePermit,
  sampleRecord,
  sampleSignature,
  spent,
  startOfTime,
  unique,
} from './samples.ts'
import { enrol, everyPage, followed, type OpenStore, stage } from './stage.ts'

const mine = (over: Parameters<typeof sampleAction>[0] = {}) => sampleAction({ agent: 'searcher', ...over })
const plain = { decision: sampleAllow() }

function dataUse(reads: string, writes: string, model?: string): DataUse {
  const node = (name: string) => ({ name, classes: [], known: true })
  return {
    reads: [node('something.else'), node(reads)],
    writes: [node(writes)],
    classes: [],
    sensitive: false,
    ...(model !== undefined && { model: { name: model, external: false, known: true } }),
  }
}

/** In this order, a minute apart. */
const records: Readonly<Record<string, ActionRecord>> = {
  read: sampleRecord({ ...plain, action: mine({ verb: 'data.read' }), dataUse: dataUse('crm.people', 'dwh.people') }),
  write: sampleRecord({
    decision: sampleAsk(),
    observed: true,
    risk: { score: 90, signals: [] },
    action: mine({ verb: 'data.write', operation: 'pg.query' }),
    dataUse: dataUse('crm.orders', 'crm.people'),
  }),
  acted: sampleRecord({ ...plain, action: mine({ onBehalfOf: 'per-one', environment: 'staging' }) }),
  started: sampleRecord({ action: mine({ startedBy: 'per-one' }), decision: sampleDeny() }),
  model: sampleRecord({ ...plain, action: mine({ verb: 'model.invoke' }), dataUse: dataUse('a', 'b', 'own-model') }),
  other: sampleRecord({ ...plain, action: sampleAction({ agent: 'another' }) }),
}
const ends: Readonly<Record<string, object>> = {
  read: {},
  write: { outcome: sampleUnknown },
  acted: { outcome: sampleFailed },
}

export function search(open: OpenStore): void {
  describe('searching actions', () => {
    const scene = stage(open)

    beforeAll(async () => {
      const { store, clock } = scene
      await store.commit({ facts: ['searcher', 'another'].map((id) => agentChanged(sampleAgent({ id }))) })
      for (const [name, record] of Object.entries(records)) {
        clock.advance(minuteMs)
        const permit = samplePermit(record)
        const over = ends[name]
        const facts = over === undefined ? [decided(record)] : [...begins(record, permit), finished(permit, over)]
        await store.commit({ facts })
      }
    })

    const found = async (query: ActionQuery): Promise<string[]> => {
      await followed(scene.store)
      const { items } = await scene.store.actions.search(query)
      const names = Object.keys(records)
      return items.map(({ record }) => names.find((name) => records[name]?.id === record.id) ?? record.id)
    }

    it.each<[string, ActionQuery, string[]]>([
      ['nothing: everything, newest first', {}, ['other', 'model', 'started', 'acted', 'write', 'read']],
      ['an agent', { agent: 'another' }, ['other']],
      ['a person, acted for or starting', { people: ['per-one'] }, ['started', 'acted']],
      ['any of several people', { people: ['per-nobody', 'per-one'] }, ['started', 'acted']],
      ['nobody', { people: [] }, []],
      ['a dataset, read or written', { dataset: 'crm.people' }, ['write', 'read']],
      ['a dataset that is only written', { dataset: 'dwh.people' }, ['read']],
      ['a model', { model: 'own-model' }, ['model']],
      ['a verb', { verb: 'data.write' }, ['write']],
      ['an environment', { environment: 'staging' }, ['acted']],
      ['an operation', { operation: 'pg.query' }, ['write']],
      ['a risk at least', { riskAtLeast: 41 }, ['write']],
      ['a risk at least, itself included', { riskAtLeast: 90, agent: 'searcher' }, ['write']],
      ['its id', { id: records['model']?.id }, ['model']],
      ['an id and what it is not', { id: records['model']?.id, agent: 'another' }, []],
      ['a denial', { decision: 'deny' }, ['started']],
      ['a question', { decision: 'ask' }, ['write']],
      ['an allow', { decision: 'allow', agent: 'searcher' }, ['model', 'acted', 'read']],
      ['what was done', { outcome: 'done' }, ['read']],
      ['what failed', { outcome: 'failed' }, ['acted']],
      ['what nobody knows the end of', { outcome: 'unknown' }, ['write']],
      ['a time on', { from: startOfTime + 4.5 * minuteMs }, ['other', 'model']],
      ['a time before', { to: startOfTime + 2.5 * minuteMs }, ['write', 'read']],
      [
        'both ends, the first included',
        { from: startOfTime + 3 * minuteMs, to: startOfTime + 4 * minuteMs },
        ['acted'],
      ],
      ['several at once', { people: ['per-one'], environment: 'prod', dataset: 'finance.orders' }, ['started']],
      ['what concerns a person', { concerns: { person: 'per-one', agents: [] } }, ['started', 'acted']],
      [
        'that, and what agents did',
        { concerns: { person: 'per-one', agents: ['another'] } },
        ['other', 'started', 'acted'],
      ],
      ['what nothing has', { agent: 'searcher', verb: 'iam.grant' }, []],
      ['filters that are not set', { agent: 'another', people: undefined, from: undefined }, ['other']],
    ])('by %s', async (_, query, expected) => {
      expect(await found(query)).toEqual(expected)
    })

    it('by its question: which, how it stands, and who signed', async () => {
      const { store } = scene
      const action = () => mine({ agent: 'searcher', environment: 'asked', parameters: { run: unique('run') } })
      const [open, refused, ran] = [action(), action(), action()].map((each) => sampleRecord({ action: each })) as [
        ActionRecord,
        ActionRecord,
        ActionRecord,
      ]
      const [first, second, third] = [sampleOpen(open), sampleOpen(refused), sampleOpen(ran)]
      const no = sampleSignature(second, 'per-signer', { verdict: 'reject' })
      const yes = sampleSignature(third, 'per-signer')
      const grant = granted(third, yes)
      const permit = samplePermit(ran, { agent: 'searcher', approval: third.id })
      await store.commit({ facts: [decided(open), asked(first), decided(refused), asked(second)] })
      await store.commit({ facts: [decided(ran), asked(third), changed('rejected', rejected(second, no), no)] })
      await store.commit({ facts: [changed('granted', grant, yes)] })
      const idsOf = async (query: ActionQuery) => {
        await followed(store)
        return (await store.actions.search({ environment: 'asked', ...query })).items.map(({ record }) => record.id)
      }

      expect(await idsOf({ approval: second.id })).toEqual([refused.id])
      expect(await idsOf({ question: 'open' })).toEqual([open.id])
      expect(await idsOf({ question: 'granted' })).toEqual([ran.id])
      expect(await idsOf({ signers: ['per-nobody', 'per-signer'] })).toEqual([ran.id, refused.id])
      expect(await idsOf({ signers: ['per-signer'], question: 'rejected' })).toEqual([refused.id])
      expect(await idsOf({ signers: ['per-nobody'] })).toEqual([])
      expect(await idsOf({ signers: [] })).toEqual([])
      expect(await idsOf({ concerns: { person: 'per-nobody', agents: [] } })).toEqual([ran.id, refused.id, open.id])
      await store.commit({ facts: [changed('spent', spent(grant, permit.id)), permitted(permit)] })
      scene.clock.advance(1_000)
      expect(await idsOf({ outcome: 'running' })).toEqual([ran.id])
      await store.commit({ facts: [finished(permit)] })
      expect(await idsOf({ outcome: 'running' })).toEqual([])
      expect(await idsOf({ outcome: 'done', question: 'spent' })).toEqual([ran.id])
    })

    it('by every word of its purpose, its classes and its digest (P13)', async () => {
      const { store } = scene
      const [common, rare] = [unique('common'), unique('rare')]
      const of = (text: string, more: readonly string[] = []) =>
        sampleRecord({ ...plain, purpose: { text }, dataUse: { ...dataUse('a', 'b'), classes: [...more] } })
      const [both, one] = [of(`${common} and ${rare}`, ['financial']), of(common)]
      await store.commit({ facts: [decided(both), decided(one)] })
      await followed(store)
      const idsOf = async (...keywords: readonly string[]) =>
        (await store.actions.search({ keywords })).items.map(({ record }) => record.id)

      expect(await idsOf(...purposeKeywords(common))).toEqual([one.id, both.id])
      expect(await idsOf(...purposeKeywords(`${rare} ${common}`))).toEqual([both.id])
      expect(await idsOf(...purposeKeywords(common), classKeyword('financial'))).toEqual([both.id])
      expect(await idsOf(...purposeKeywords(`${common} ${unique('other')}`))).toEqual([])
      expect(await idsOf(digestKeyword(both.digest))).toContain(both.id)
      expect(await idsOf()).toContain(one.id)
    })

    it('by what it read in the end, and not twice, however often it is told of', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const action = record()
      const leave = await permit(action)
      const reads = [{ name: unique('dataset'), classes: [], known: true }]
      const byData = async () => {
        await followed(store)
        return (await store.actions.search({ dataset: reads[0]?.name })).items.map((life) => life.record.id)
      }
      expect(await byData()).toEqual([])
      await store.commit({ facts: [finished(leave, { outcome: sampleUnknown })] })
      expect(await byData()).toEqual([])
      await store.commit({ facts: [finished(leave, { outcome: { kind: 'done', summary: 'Late.', reads } })] })
      expect(await byData()).toEqual([action.id])
      expect((await store.actions.search({ agent: action.action.agent })).items).toHaveLength(1)
    })

    it('also while it runs, a second after it began', async () => {
      const { store, clock } = scene
      const { record, permit, agent } = await enrol(store)
      const action = record()
      await permit(action)
      await followed(store)
      clock.advance(1_000)
      await followed(store)
      const running = { agent: agent.id, outcome: 'running' } as const
      expect((await store.actions.search(running)).items.map((life) => life.record.id)).toEqual([action.id])
      expect((await store.actions.search({ agent: agent.id })).items).toHaveLength(1)
    })

    it('gives whole lives', async () => {
      const { items } = await scene.store.actions.search({ outcome: 'failed' })
      const life = (await scene.store.actions.get(records['acted']?.id ?? ''))?.life
      expect(items).toEqual([life])
    })

    it('pages through 250 without a gap or a repeat, also while new ones arrive', async () => {
      const { store } = scene
      const record = () => sampleRecord({ action: sampleAction({ agent: 'busy' }) })
      const many = Array.from({ length: 250 }, record)
      for (let from = 0; from < many.length; from += 50) {
        scene.clock.advance(1)
        await store.commit({ facts: many.slice(from, from + 50).map(decided) })
      }
      await followed(store)
      const pages = await everyPage(async (after) => {
        const page = await store.actions.search({ agent: 'busy', limit: 40, after })
        await store.commit({ facts: [decided(record())] })
        await followed(store)
        return page
      })
      expect(pages.map((page) => page.length)).toEqual([40, 40, 40, 40, 40, 40, 10])
      const lives = pages.flat()
      expect(lives.map(({ record: { id } }) => id).toSorted()).toEqual(many.map(({ id }) => id).toSorted())
      expect(lives.map(({ at }) => at)).toEqual(lives.map(({ at }) => at).toSorted((one, other) => other - one))
      expect((await store.actions.search({ agent: 'busy' })).next).toBeDefined()
      const lost = store.actions.search({ after: 'somewhere' })
      await expect(lost).rejects.toMatchObject({ code: 'ERR_INPUT_INVALID' })
    })
  })
}
