"""What leaves the trust, and how its receiver can check it.

An extract of a pupil's record goes to people who need not believe the trust: a tribunal, a parent's
solicitor, another authority.  ``verify_extract`` is handed over with it, as one file that imports
nothing of ours, and says whether the extract is what the trust's log holds.
"""
