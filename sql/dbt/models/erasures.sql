{# A row is one person or request that must not come back; day is that of the erasure. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'erasures') }} AS stored
