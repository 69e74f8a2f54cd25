import type { Analysis, AnalysisService } from '../../model/analysis.js';
import {
  announcedByText,
  announcerText,
  backendsText,
  clusterText,
  handOversText,
  poolText,
  portsText,
} from '../terminal/services.js';
import { counted } from '../terminal/words.js';
import { Table } from './table.js';

const MOST_SERVICES = 50;

/** What Kubernetes says of the VIPs in question. */
export function ServicesSection({ analysis }: { analysis: Analysis }) {
  const { services = [], cluster, vips, findings } = analysis;
  if (services.length === 0) return null;
  const asked = new Set([...vips.map((vip) => vip.address), ...findings.map((finding) => finding.vip)]);
  const shown = services.filter((service) => asked.has(service.vip)).slice(0, MOST_SERVICES);
  const more = services.length - shown.length;
  return (
    <section id="services" aria-labelledby="services-heading">
      <h2 id="services-heading">Services</h2>
      {cluster && <p>{clusterText(cluster)}</p>}
      {shown.length > 0 && (
        <Table
          caption="Services of the VIPs"
          isCaptionHidden
          heads={['VIP', 'Service', 'Ports', 'Policy', 'Announced by', 'Backends', 'Announcers'].map(
            (title) => ({
              title,
            }),
          )}
          rows={shown.map((service) => [
            service.vip,
            `${service.namespace}/${service.name}`,
            portsText(service),
            service.externalTrafficPolicy ?? '–',
            announcedByText(service),
            backendsText(service),
            <Announcers service={service} />,
          ])}
        />
      )}
      {more > 0 && <p class="remark">{`… and ${counted(more, 'Service')} more.`}</p>}
    </section>
  );
}

function Announcers({ service }: { service: AnalysisService }) {
  const handOvers = handOversText(service);
  const pool = poolText(service);
  return (
    <>
      {service.announcers.slice(0, 8).map((announcer) => (
        <span class="line">{announcerText(announcer)}</span>
      ))}
      {handOvers !== null && <span class="line">{`Hand-overs: ${handOvers}`}</span>}
      {pool !== null && <span class="line">{`Pool ${pool}`}</span>}
    </>
  );
}
