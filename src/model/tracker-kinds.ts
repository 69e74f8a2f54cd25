/** Where incidents are kept, as `attach --kind` names them. */
export const TRACKER_KINDS = ['github', 'gitlab', 'jira', 'pagerduty', 'webhook'] as const;
