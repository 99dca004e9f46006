import { describe, expect, it } from 'vitest'
import { paths, type Route, routeOf, withSearch } from './route.ts'

describe('where a path leads', () => {
  it.each<[string, Route]>([
    ['/', { page: 'inbox', search: '' }],
    ['/approvals', { page: 'inbox', search: '' }],
    ['/approvals/apr_0192-7', { page: 'question', id: 'apr_0192-7' }],
    ['/approvals/apr_0192-7/', { page: 'question', id: 'apr_0192-7' }],
    ['/approvals/..%2Fapi', { page: 'nowhere' }],
    ['/approvals/apr_1/more', { page: 'nowhere' }],
    ['/actions/act_1', { page: 'action', id: 'act_1' }],
    ['/ledger', { page: 'ledger' }],
    ['/ledger/apr_1', { page: 'nowhere' }],
    ['/nothing', { page: 'nowhere' }],
  ])('%s', (path, route) => {
    expect(routeOf(path)).toEqual(route)
  })

  it('keeps what a search asks for', () => {
    expect(routeOf('/', '?whose=mine')).toEqual({ page: 'inbox', search: '?whose=mine' })
    expect(routeOf('/actions', '?verb=data.export')).toEqual({ page: 'actions', search: '?verb=data.export' })
  })

  it('finds every path that it builds', () => {
    expect(routeOf(paths.question('apr_1')).page).toBe('question')
    expect(routeOf(paths.action('act_1')).page).toBe('action')
    expect(paths.lineage('dataset', 'a b&c')).toBe('/lineage?dataset=a+b%26c')
    expect(withSearch('/x', { a: '', b: undefined, c: '1' })).toBe('/x?c=1')
  })
})
