{# A row is something in the logs that is no interaction, or was read in part, and how often. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'unread') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'ingest'
