{# A row is a score beside what was asked, without texts. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT
  scored.day, scored.request_id, scored.evaluator, scored.version, scored.status, scored.value,
  1.0 / scored.inclusion_probability AS weight,
  asked.timestamp, asked.user_id, asked.session_id, asked.trace_id, asked.model_version, asked.prompt_version,
  asked.provider, asked.prompt_language, asked.tags
FROM {{ ref('scores') }} AS scored
JOIN {{ ref('interactions') }} AS asked ON asked.day = scored.day AND asked.request_id = scored.request_id
