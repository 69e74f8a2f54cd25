import type { Analysis, AnalysisAttempt } from '../../model/analysis.js';
import { endpointText } from '../terminal/words.js';
import { ConnectionsSection } from './attempts.js';
import { CapturedSection, GapsSection } from './captured.js';
import { FindingSection, findingAnchor } from './finding.js';
import { OwnersSection } from './owners.js';
import { Hops } from './path/hops.js';
import { PathPicture } from './path/picture.js';
import { PredictionsSection } from './predictions.js';
import { ProbesSection } from './probes.js';
import { ServicesSection } from './services.js';
import { VerdictSection } from './verdict.js';

/** Sections of findings; the rest are in the JSON. */
const MOST_FINDINGS = 30;

interface PageProps {
  /** Those of its attempts that the table has. */
  shown: readonly AnalysisAttempt[];
  /** How many attempts the analysis lists; `analysis` has those alone that are shown. */
  listed: number;
  /** Of which every text is escaped already. */
  analysis: Analysis;
  /** Where the files lie, a sentence; '' for none. */
  where: string;
  application: string;
}

/** All that stands in the page's body. */
export function Page({ analysis, shown, listed, where, application }: PageProps) {
  const findings = analysis.findings.slice(0, MOST_FINDINGS);
  const more = analysis.findings.length - findings.length;
  return (
    <>
      <a class="skip" href="#verdict">
        Skip to the verdict
      </a>
      <header>
        <p class="product">returnpath report</p>
        <nav aria-label="Sections">
          <ul>
            {sectionsOf(analysis).map(([anchor, title]) => (
              <li>
                <a href={`#${anchor}`}>{title}</a>
              </li>
            ))}
          </ul>
        </nav>
        <ThemeSwitch />
      </header>
      <main>
        <VerdictSection analysis={analysis} />
        {findings.map((finding, i) => (
          <FindingSection finding={finding} number={i + 1} analysis={analysis} />
        ))}
        {more > 0 && <p class="remark">{`… and ${more} findings more, which --format json lists.`}</p>}
        {findings.length === 0 && <HealthyPath analysis={analysis} />}
        <PredictionsSection analysis={analysis} />
        <ProbesSection analysis={analysis} listed={listed} />
        <OwnersSection analysis={analysis} />
        <ConnectionsSection analysis={analysis} shown={shown} listed={listed} />
        <ServicesSection analysis={analysis} />
        <CapturedSection analysis={analysis} where={where} />
        <GapsSection analysis={analysis} />
      </main>
      <footer>
        <p>{`Made by ${application}. Times are UTC. This file loads nothing from anywhere.`}</p>
      </footer>
    </>
  );
}

/** Anchors and titles, as far as the analysis has something for them. */
function sectionsOf({
  findings,
  owners = [],
  services = [],
  predictions = [],
  probes = [],
  arpings = [],
  totals,
}: Analysis): [string, string][] {
  const sections: [string, string | false][] = [
    ['verdict', 'Verdict'],
    [findingAnchor(1), findings.length === 1 ? 'Finding' : findings.length > 1 && 'Findings'],
    ['ways', predictions.length > 0 && 'Ways'],
    ['probe', probes.length + arpings.length > 0 && 'Probe'],
    ['owners', owners.length > 0 && 'Owners'],
    ['connections', totals.length > 0 && 'Connections'],
    ['services', services.length > 0 && 'Services'],
    ['captured', 'Inputs'],
    ['gaps', 'Capture next'],
  ];
  return sections.filter((section): section is [string, string] => section[1] !== false);
}

/** Where nothing is wrong: the way that connections take, as a check against what was meant. */
function HealthyPath({ analysis }: { analysis: Analysis }) {
  const attempt = analysis.attempts.find(({ outcome, path }) => outcome === 'established' && path.length > 0);
  if (!attempt) return null;
  return (
    <section id="path" aria-labelledby="path-heading">
      <h2 id="path-heading">{`The way of attempt ${attempt.id}`}</h2>
      <div class="columns">
        <div>
          <p>
            The first connection that was made stands for the others. Whether this is the way that was meant,
            the captures cannot tell.
          </p>
          <dl class="facts">
            <div>
              <dt>Client</dt>
              <dd>{endpointText(attempt.client)}</dd>
            </div>
            <div>
              <dt>Server</dt>
              <dd>{endpointText(attempt.server)}</dd>
            </div>
            <div>
              <dt>Began</dt>
              <dd>{attempt.firstTime ?? 'not told'}</dd>
            </div>
          </dl>
        </div>
        <PathPicture attempt={attempt} finding={null} analysis={analysis} id="path-picture" />
      </div>
      <h3>Hop by hop</h3>
      <Hops attempt={attempt} finding={null} analysis={analysis} />
    </section>
  );
}

/** Without script the page follows the system alone, and this is not there. */
function ThemeSwitch() {
  return (
    <fieldset id="theme" hidden>
      <legend>Theme</legend>
      {['system', 'light', 'dark'].map((name) => (
        <label>
          <input type="radio" name="theme" value={name} checked={name === 'system'} />
          {` ${name}`}
        </label>
      ))}
    </fieldset>
  );
}
