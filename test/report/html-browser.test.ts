/** The HTML report in a real browser: Debian's Chromium. Without one these tests are skipped. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { renderHtml } from '../../src/report/html.js';
import { testInTurn } from '../gates.js';
import { scratch } from '../scratch.js';
import { fixture, has } from '../support.js';
import { HOSTILE, hostile, MARKUP } from './hostile.js';

const inBrowser = testInTurn('chromium');
const directory = scratch();
let browser: Browser;

test.before(async () => {
  if (has(['chromium'])) browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
});
test.after.always(() => browser?.close());

const SCREENS = {
  'wide and light': { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  'narrow and dark': { viewport: { width: 360, height: 800 }, colorScheme: 'dark' },
} satisfies Record<string, BrowserContextOptions>;

const FIXTURES = ['rp-filter-strict', 'arp-conflict-kernel', 'wrong-gateway', 'two-faults-backends'];

async function analysisOf(name: string): Promise<Analysis> {
  const archives = readdirSync(fixture(name)).filter((file) => file.endsWith('.tar.gz'));
  return analyze(
    archives.map((file) => fixture(name, file)),
    { vips: [], keepGoing: false, attempts: 'default', quotes: true, warn: () => {} },
  );
}

interface Opened {
  page: Page;
  /** What was said on the console, thrown, or asked for beside the file. */
  complaints: string[];
}

/** The report opened from a file, as who got it by mail does. */
async function open(analysis: Analysis, name: string, options: BrowserContextOptions): Promise<Opened> {
  const path = join(directory, `${name}.html`);
  writeFileSync(path, [...renderHtml(analysis, { application: 'returnpath test' })].join(''));
  const url = pathToFileURL(path).href;
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== url) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** What axe-core finds that keeps people from reading the page. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found: { impact: string; id: string; nodes: { html: string }[] }[] = await page.evaluate(
    "axe.run({ resultTypes: ['violations'] }).then((result) => result.violations)",
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
}

/** Whether anything stands out of the page to the right. */
function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}

for (const name of FIXTURES) {
  inBrowser(`${name}: no complaint, no request, no barrier, nothing cut off, in both themes`, async (t) => {
    const analysis = await analysisOf(name);
    for (const [screen, options] of Object.entries(SCREENS)) {
      const { page, complaints } = await open(analysis, name, options);
      t.false(await isTooWide(page), screen);
      await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
      t.deepEqual(await barriers(page), [], screen);
      t.false(await isTooWide(page), screen);
      t.deepEqual(complaints, [], screen);
      await page.close();
    }
  });
}

inBrowser('attempts are filtered by what is chosen, and all come back', async (t) => {
  const { page } = await open(await analysisOf('two-faults-backends'), 'filter', SCREENS['wide and light']);
  const rows = page.locator('#attempts-table tbody tr:visible');
  t.is(await rows.count(), 12);
  await page.getByLabel('Outcome').selectOption('refused');
  t.is(await rows.count(), 6);
  t.is(await page.locator('#filter output').textContent(), '6 of 12 shown');
  t.deepEqual([...new Set(await rows.locator('td:nth-child(4)').allTextContents())], ['refused']);
  await page.getByLabel('Cause').selectOption('rp-filter');
  t.is(await rows.count(), 0);
  await page.getByRole('button', { name: 'Show all' }).press('Enter');
  await page.locator('#filter output', { hasText: '12 of 12 shown' }).waitFor();
  t.is(await rows.count(), 12);
  await page.close();
});

inBrowser('an attempt’s link opens its ladder, by the keyboard', async (t) => {
  const { page } = await open(await analysisOf('two-faults-backends'), 'ladder', SCREENS['wide and light']);
  const second = page.locator('details.ladder-of').nth(1);
  t.is(await second.getAttribute('open'), null);
  await page.locator('#attempts-table a').nth(1).press('Enter');
  await page.locator('details.ladder-of[open]').nth(1).waitFor();
  t.true(await second.locator('svg').isVisible());
  await page.close();
});

inBrowser('the switch overrides the system’s theme', async (t) => {
  const { page } = await open(await analysisOf('healthy-udp'), 'theme', SCREENS['wide and light']);
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await ground();
  await page.getByLabel('dark').check();
  const dark = await ground();
  t.not(dark, light);
  t.deepEqual(await barriers(page), []);
  await page.getByLabel('system').check();
  t.is(await ground(), light);
  await page.close();
});

inBrowser('markup, script, controls and bidi marks of captures and logs show as text', async (t) => {
  const { page, complaints } = await open(hostile(MARKUP + HOSTILE), 'hostile', SCREENS['wide and light']);
  t.is(await page.evaluate('globalThis.owned'), undefined);
  t.deepEqual(complaints, []);
  t.is(await page.locator('img, main script, a[href^="javascript"]').count(), 0);
  const text = await page.locator('main').innerText();
  t.true(text.includes('<script>globalThis.owned=1</script>'));
  t.true(text.includes('\\u202egnp.exe'));
  t.deepEqual(await barriers(page), []);
  await page.close();
});

inBrowser('without script the page is whole', async (t) => {
  const analysis = await analysisOf('rp-filter-strict');
  const { page, complaints } = await open(analysis, 'bare', {
    ...SCREENS['narrow and dark'],
    javaScriptEnabled: false,
  });
  const text = await page.locator('main').innerText();
  for (const words of ['reverse-path check', 'sysctl -w', 'martian source', 'Attempts', 'a4'])
    t.true(text.includes(words), words);
  t.false(await page.locator('#filter').isVisible());
  t.false(await page.locator('#theme').isVisible());
  t.deepEqual(complaints, []);
  await page.close();
});
