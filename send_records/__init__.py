"""An event-sourced, audit-grade record of special educational needs for a multi-academy trust."""
