{# A row is one log line that was rejected. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'quarantine') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'ingest'
