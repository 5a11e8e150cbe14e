{# A row is a verdict on an interaction that the logs carry, by a person, feedback or another evaluation. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'labels') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'ingest'
