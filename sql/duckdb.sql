-- Made by `make docs`; do not edit. What the columns hold: docs/lake.md.
-- SET VARIABLE lake = '/opt/obs/lake';  -- or s3://bucket/lake
INSTALL delta; LOAD delta;
CREATE SCHEMA IF NOT EXISTS lake_raw;
CREATE SCHEMA IF NOT EXISTS night_watch;

CREATE OR REPLACE VIEW lake_raw.interactions AS SELECT * FROM delta_scan(getvariable('lake') || '/interactions');
CREATE OR REPLACE VIEW lake_raw.spans AS SELECT * FROM delta_scan(getvariable('lake') || '/spans');
CREATE OR REPLACE VIEW lake_raw.labels AS SELECT * FROM delta_scan(getvariable('lake') || '/labels');
CREATE OR REPLACE VIEW lake_raw.gpu_samples AS SELECT * FROM delta_scan(getvariable('lake') || '/gpu_samples');
CREATE OR REPLACE VIEW lake_raw.quarantine AS SELECT * FROM delta_scan(getvariable('lake') || '/quarantine');
CREATE OR REPLACE VIEW lake_raw.unread AS SELECT * FROM delta_scan(getvariable('lake') || '/unread');
CREATE OR REPLACE VIEW lake_raw.scores AS SELECT * FROM delta_scan(getvariable('lake') || '/scores');
CREATE OR REPLACE VIEW lake_raw.embeddings AS SELECT * FROM delta_scan(getvariable('lake') || '/embeddings');
CREATE OR REPLACE VIEW lake_raw.anchors AS SELECT * FROM delta_scan(getvariable('lake') || '/anchors');
CREATE OR REPLACE VIEW lake_raw.metrics AS SELECT * FROM delta_scan(getvariable('lake') || '/metrics');
CREATE OR REPLACE VIEW lake_raw.sketches AS SELECT * FROM delta_scan(getvariable('lake') || '/sketches');
CREATE OR REPLACE VIEW lake_raw.drift AS SELECT * FROM delta_scan(getvariable('lake') || '/drift');
CREATE OR REPLACE VIEW lake_raw.evaluator_changes AS SELECT * FROM delta_scan(getvariable('lake') || '/evaluator_changes');
CREATE OR REPLACE VIEW lake_raw.alerts AS SELECT * FROM delta_scan(getvariable('lake') || '/alerts');
CREATE OR REPLACE VIEW lake_raw.reports AS SELECT * FROM delta_scan(getvariable('lake') || '/reports');
CREATE OR REPLACE VIEW lake_raw.days AS SELECT * FROM delta_scan(getvariable('lake') || '/days');
CREATE OR REPLACE VIEW lake_raw.days_settled AS SELECT * FROM delta_scan(getvariable('lake') || '/days_settled');
CREATE OR REPLACE VIEW lake_raw.operations AS SELECT * FROM delta_scan(getvariable('lake') || '/operations');
CREATE OR REPLACE VIEW lake_raw.erasures AS SELECT * FROM delta_scan(getvariable('lake') || '/erasures');

-- A row is the state of one step of the day.
CREATE OR REPLACE VIEW night_watch.days AS
SELECT day, step, state, inputs, digests, note FROM lake_raw.days
UNION ALL
SELECT settled.day, settled.step, settled.state, settled.inputs, settled.digests, settled.note
FROM lake_raw.days_settled AS settled
WHERE NOT EXISTS (
  SELECT 1 FROM lake_raw.days AS newer WHERE newer.day = settled.day AND newer.step = settled.step
);

-- A row is a day whose step may be read.
CREATE OR REPLACE VIEW night_watch.readable AS
SELECT day, step FROM night_watch.days WHERE state IN ('READY', 'NO_DATA');

-- A row is one request to the language model and its answer.
CREATE OR REPLACE VIEW night_watch.interactions AS
SELECT stored.* FROM lake_raw.interactions AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'ingest';

-- A row is one stage of a traced request.
CREATE OR REPLACE VIEW night_watch.spans AS
SELECT stored.* FROM lake_raw.spans AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'ingest';

-- A row is a verdict on an interaction that the logs carry, by a person, feedback or another evaluation.
CREATE OR REPLACE VIEW night_watch.labels AS
SELECT stored.* FROM lake_raw.labels AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'ingest';

-- A row is one sample of one GPU.
CREATE OR REPLACE VIEW night_watch.gpu_samples AS
SELECT stored.* FROM lake_raw.gpu_samples AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'ingest';

-- A row is one log line that was rejected.
CREATE OR REPLACE VIEW night_watch.quarantine AS
SELECT stored.* FROM lake_raw.quarantine AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'ingest';

-- A row is something in the logs that is no interaction, or was read in part, and how often.
CREATE OR REPLACE VIEW night_watch.unread AS
SELECT stored.* FROM lake_raw.unread AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'ingest';

-- A row is one evaluator's score of one interaction, or why there is none.
CREATE OR REPLACE VIEW night_watch.scores AS
SELECT stored.* FROM lake_raw.scores AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'collect';

-- A row is the vector of one distinct text.
CREATE OR REPLACE VIEW night_watch.embeddings AS
SELECT stored.* FROM lake_raw.embeddings AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'collect';

-- A row is one evaluator's score of one frozen anchor.
CREATE OR REPLACE VIEW night_watch.anchors AS
SELECT stored.* FROM lake_raw.anchors AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'anchor';

-- A row is one number of the day in one segment.
CREATE OR REPLACE VIEW night_watch.metrics AS
SELECT stored.* FROM lake_raw.metrics AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'summarise';

-- A row is what later days compare themselves with, of one segment.
CREATE OR REPLACE VIEW night_watch.sketches AS
SELECT stored.* FROM lake_raw.sketches AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'summarise';

-- A row is one metric or distance of the day against its baseline.
CREATE OR REPLACE VIEW night_watch.drift AS
SELECT stored.* FROM lake_raw.drift AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'compare';

-- A row is whether one evaluator scores as on the baseline days.
CREATE OR REPLACE VIEW night_watch.evaluator_changes AS
SELECT stored.* FROM lake_raw.evaluator_changes AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'compare';

-- A row is one incident as it stands on the day.
CREATE OR REPLACE VIEW night_watch.alerts AS
SELECT stored.* FROM lake_raw.alerts AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'alert';

-- A row is one rendered report.
CREATE OR REPLACE VIEW night_watch.reports AS
SELECT stored.* FROM lake_raw.reports AS stored
JOIN night_watch.readable AS done ON done.day = stored.day AND done.step = 'render';

-- A row is something that was done, with the clock; day is the day on which it was.
CREATE OR REPLACE VIEW night_watch.operations AS
SELECT stored.* FROM lake_raw.operations AS stored;

-- A row is one person or request that must not come back; day is that of the erasure.
CREATE OR REPLACE VIEW night_watch.erasures AS
SELECT stored.* FROM lake_raw.erasures AS stored;

-- A row is a score beside what was asked, without texts.
CREATE OR REPLACE VIEW night_watch.scored_interactions AS
SELECT
  scored.day, scored.request_id, scored.evaluator, scored.version, scored.status, scored.value,
  1.0 / scored.inclusion_probability AS weight,
  asked.timestamp, asked.user_id, asked.session_id, asked.trace_id, asked.model_version, asked.prompt_version,
  asked.provider, asked.prompt_language, asked.tags
FROM night_watch.scores AS scored
JOIN night_watch.interactions AS asked ON asked.day = scored.day AND asked.request_id = scored.request_id;

-- A row is a number of a day beside how it stands against its baseline.
CREATE OR REPLACE VIEW night_watch.metric_changes AS
SELECT
  measured.day, measured.metric, measured.segment, measured.value, measured.low, measured.high, measured.n,
  compared.verdict, compared.baseline_value, compared.effect, compared.p_adjusted
FROM night_watch.metrics AS measured
LEFT JOIN night_watch.drift AS compared
  ON compared.day = measured.day AND compared.segment = measured.segment AND compared.name = 'change:' || measured.metric
WHERE measured.status = 'OK';

-- A row is an incident that is open on the newest day that has alerts.
CREATE OR REPLACE VIEW night_watch.open_incidents AS
SELECT incident.* FROM night_watch.alerts AS incident
WHERE incident.state NOT IN ('RESOLVED', 'ACCEPTED')
  AND incident.day = (SELECT MAX(alerted.day) FROM night_watch.readable AS alerted WHERE alerted.step = 'alert');
