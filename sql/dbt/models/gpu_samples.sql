{# A row is one sample of one GPU. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'gpu_samples') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'ingest'
