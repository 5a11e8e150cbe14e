{# A row is something that was done, with the clock; day is the day on which it was. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'operations') }} AS stored
