{# A row is one request to the language model and its answer. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'interactions') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'ingest'
